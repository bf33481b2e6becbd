"""SQL statements, kept in `sql/` under `-- name --` headings."""

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

_HEADING = re.compile(r"^-- (\w+) --$", re.MULTILINE)
_FRAGMENT = re.compile(r"\{(\w+)\}")


@cache
def statements(name: str) -> dict[str, str]:
    """The statements of `sql/<name>.sql` by heading; `{heading}` in one stands for the text under an earlier one.

    A brace that no earlier heading fills is left for the caller to fill.
    """
    return parse(files("ringfence.store").joinpath("sql", f"{name}.sql").read_text("utf-8"))


def parse(text: str) -> dict[str, str]:
    """Statements by heading. ValueError: a heading twice, or SQL before the first."""
    before, *parts = _HEADING.split(text)
    if _bare(before):
        raise ValueError("SQL before the first heading")
    raw = dict(_pairs(parts))
    if len(raw) * 2 != len(parts):
        raise ValueError("a heading stands twice")
    whole: dict[str, str] = {}
    for name, sql in raw.items():
        whole[name] = _FRAGMENT.sub(lambda match: whole.get(match[1], match[0]), sql)
    return whole


def _pairs(parts: list[str]) -> Iterator[tuple[str, str]]:
    for name, sql in zip(parts[::2], parts[1::2], strict=True):
        yield name, _bare(sql)


def _bare(sql: str) -> str:
    lines = (line.split("--", 1)[0].rstrip() for line in sql.splitlines())
    return "\n".join(line for line in lines if line)

"""Tables as CSV that no spreadsheet takes for formulas. The frame of the key origin has the same in csv.js.

Every cell is quoted. Where a cell begins like a formula, an apostrophe goes before it; so it does behind a semicolon,
a tab, a bar and a new line, where a spreadsheet of another locale may see a cell begin. Quotes between do not hinder
it: to such a spreadsheet they open and close an empty quoted part. A plain number stays as it is.

Source: RFC 4180; OWASP, "CSV Injection".
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

# So that spreadsheets read it as UTF-8.
BEGINNING: Final = "\ufeff"
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_FORMULA = re.compile(r'(^|[;|\t\r\n])([ \t"]*)(?=[=+\-@＝＋－＠])')


def csv_cell(value: object) -> str:
    """One cell, quoted; None is an empty one."""
    text = "" if value is None else str(value)
    if not _NUMBER.fullmatch(text):
        text = _FORMULA.sub(r"\1\2'", text)
    return '"' + text.replace('"', '""') + '"'


def csv_text(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The table, a line a row, its heads first."""
    return BEGINNING + "".join(",".join(map(csv_cell, row)) + "\r\n" for row in (heads, *rows))

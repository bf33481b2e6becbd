"""Names of countries by ISO 3166 code, from `countries.tsv`: every region that numbers are known for.

The number library has these names too, but only beside its geographic tables, whose import takes five seconds.
"""

import functools
from importlib.resources import files


def country_name(code: str) -> str:
    """The English name, or the code itself for what has none."""
    return _names().get(code, code)


@functools.cache
def _names() -> dict[str, str]:
    lines = files("ringfence.api.v2010").joinpath("countries.tsv").read_text("utf-8").splitlines()
    return dict(line.split("\t") for line in lines)

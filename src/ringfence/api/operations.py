"""Every Twilio operation that is known here, finished or not.

A finished one is declared as a `Resource`; what is listed and not declared answers 501. The list is
`operations.tsv`: product, method, path, and tier (1: what nearly every program calls; 2: a full replacement for
calling, texting and verification; 3: later). Source: Twilio's OpenAPI documents.
"""

from importlib.resources import files
from typing import NamedTuple


class Listed(NamedTuple):
    """One operation of Twilio's. `path` has no suffix."""

    product: str
    method: str
    path: str
    tier: int


def _read() -> tuple[Listed, ...]:
    lines = files("ringfence.api").joinpath("operations.tsv").read_text("utf-8").splitlines()
    rows = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return tuple(Listed(product, method, path, int(tier)) for product, method, path, tier in rows)


LISTED = _read()

_FIRST = ("api", "messaging", "verify", "lookups")
PREFERENCE = (*_FIRST, *sorted({listed.product for listed in LISTED} - set(_FIRST)))
"""Products in the order in which a bare path is looked for."""

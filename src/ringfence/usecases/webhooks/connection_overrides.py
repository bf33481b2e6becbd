"""How long to wait for one webhook and how often to try at once, as its URL's fragment asks.

Source: Twilio, "Webhooks (HTTP callbacks): Connection Overrides".
"""

import msgspec

CONNECT_MS = 5_000
READ_MS = 15_000
TOTAL_MS = 15_000
RETRIES = 1

CLASSES = frozenset({"4xx", "5xx", "ct", "rt"})


class ConnectionOverrides(msgspec.Struct, frozen=True, kw_only=True):
    """`retries` more tries are made at once, within `total_ms`, after a failure of a class in `retry_on`.

    The classes: `ct` no connection, `rt` no answer in time, `4xx` and `5xx` such an answer.
    """

    connect_ms: int = CONNECT_MS
    read_ms: int = READ_MS
    total_ms: int = TOTAL_MS
    retries: int = RETRIES
    retry_on: frozenset[str] = frozenset({"ct"})


_DEFAULT = ConnectionOverrides()


def read_overrides(fragment: str) -> ConnectionOverrides:
    """Read `ct=…&rt=…&tt=…&rc=…&rp=…`. Numbers are brought within Twilio's bounds; what makes no sense is ignored."""
    if not fragment:
        return _DEFAULT
    values = dict(pair.partition("=")[::2] for pair in fragment.split("&"))
    return ConnectionOverrides(
        connect_ms=_bounded(values.get("ct"), 100, 10_000, CONNECT_MS),
        read_ms=_bounded(values.get("rt"), 100, 15_000, READ_MS),
        total_ms=_bounded(values.get("tt"), 100, 15_000, TOTAL_MS),
        retries=_bounded(values.get("rc"), 0, 5, RETRIES),
        retry_on=_classes(values.get("rp")),
    )


def _bounded(text: str | None, least: int, most: int, default: int) -> int:
    if text is None or not text.isascii() or not text.isdigit() or len(text) > 9:
        return default
    return max(least, min(int(text), most))


def _classes(text: str | None) -> frozenset[str]:
    named = frozenset((text or "ct").split(","))
    if "all" in named:
        return CLASSES
    return (named & CLASSES) or frozenset({"ct"})

"""Times as the 2010 API writes them, and as the others do."""

from datetime import UTC, datetime
from functools import lru_cache

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@lru_cache(maxsize=4096)
def _at_second(second: int) -> str:
    at = datetime.fromtimestamp(second, UTC)
    day = f"{_DAYS[at.weekday()]}, {at.day:02} {_MONTHS[at.month - 1]} {at.year:04}"
    return f"{day} {at.hour:02}:{at.minute:02}:{at.second:02} +0000"


def rfc2822(at_ms: int) -> str:
    """`Thu, 24 Aug 2023 05:01:45 +0000` (RFC 2822, 3.3), from Unix milliseconds."""
    return _at_second(at_ms // 1000)


def rfc2822_or_none(at_ms: int | None) -> str | None:
    """As rfc2822; None stays None."""
    return None if at_ms is None else _at_second(at_ms // 1000)


@lru_cache(maxsize=4096)
def _iso_at_second(second: int) -> str:
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%SZ}"


def iso8601(at_ms: int) -> str:
    """`2015-07-30T20:12:31Z`, from Unix milliseconds."""
    return _iso_at_second(at_ms // 1000)

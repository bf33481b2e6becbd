"""Days as a filter names them, UTC."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from ringfence.console.refusals import RefusedError
from ringfence.ports.day_counts import DAY_MS

FORTNIGHT: Final = 14


def day_of(at_ms: int) -> str:
    """YYYY-MM-DD."""
    return datetime.fromtimestamp(at_ms / 1_000, UTC).date().isoformat()


def fortnight(now_ms: int) -> Sequence[str]:
    """The last fourteen days, today first."""
    return [day_of(now_ms - back * DAY_MS) for back in range(FORTNIGHT)]


def bounds_ms(day: str) -> tuple[int | None, int | None]:
    """From when to when YYYY-MM-DD is, half open; no bounds for "". RefusedError with 400 for a day that is none."""
    if not day:
        return None, None
    try:
        start = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise RefusedError("A day is written YYYY-MM-DD.", status=400) from None
    start_ms = round(start.timestamp() * 1_000)
    return start_ms, start_ms + DAY_MS

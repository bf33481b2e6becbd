"""Rows of those days alone on which, by the counts, there is something to be found."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Generic, TypeVar

from ringfence.ports.day_counts import DAY_MS

T = TypeVar("T")


class CountedDays(Generic[T]):
    """A list, the newest first, read day by day. One for each page: a day that was read through is done."""

    def __init__(
        self, days_ms: Iterable[int], read: Callable[[int, int, str | None, int], Awaitable[Sequence[T]]]
    ) -> None:
        """`days_ms` are when those days began; `read` takes from when, to when, behind what and how many."""
        self._days_ms = sorted(set(days_ms), reverse=True)
        self._read = read

    async def rows(self, before: str | None, limit: int) -> Sequence[T]:
        """As many behind a place, fewer where there are no more."""
        found: list[T] = []
        while self._days_ms and len(found) < limit:
            day_ms, wanted = self._days_ms[0], limit - len(found)
            more = await self._read(day_ms, day_ms + DAY_MS, before, wanted)
            found += more
            if len(more) < wanted:
                del self._days_ms[0]
        return found

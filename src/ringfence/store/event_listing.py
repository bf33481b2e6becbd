"""What pages of events have alike in every store: from where to where one reads, and how few are sorted at hand."""

from collections.abc import Iterable
from typing import Final

from ringfence.ports.outbox import EventFilter, EventPlace, EventRow
from ringfence.store.paging import END_OF_TIME_MS

FEW: Final = 5_000
"""As many events that wait are read whole: more are found soon among the newest of all."""

Bounds = tuple[int, int, int]
"""Before which time and id, and since when."""


def bounds_of(wanted: EventFilter, before: EventPlace | None) -> Bounds:
    """What a page is read within."""
    end = (END_OF_TIME_MS if wanted.to_ms is None else wanted.to_ms, 0)
    return *(end if before is None else min(before, end)), wanted.from_ms or 0


def page_within(rows: Iterable[EventRow], bounds: Bounds, limit: int) -> list[EventRow]:
    """The `limit` newest of them."""
    before_ms, before_id, from_ms = bounds
    found = [row for row in rows if place_of(row) < (before_ms, before_id) and row.at_ms >= from_ms]
    return sorted(found, key=place_of, reverse=True)[:limit]


def place_of(row: EventRow) -> EventPlace:
    """Where it stands."""
    return row.at_ms, row.id

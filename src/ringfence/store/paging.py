"""Keyset paging, newest first: the place of a row is (created_ms, sid)."""

from collections.abc import Iterable
from typing import Protocol, TypeVar

from ringfence.domain.sid import is_sid, made_ms


class Dated(Protocol):
    """A row that a list is made of."""

    @property
    def sid(self) -> str: ...
    @property
    def created_ms(self) -> int: ...


Row = TypeVar("Row", bound=Dated)

Place = tuple[int, str]

END_OF_TIME_MS = 1 << 62
LAST = "~"  # behind every SID


def newest_first(row: Dated) -> Place:
    """The key lists are ordered by, descending."""
    return row.created_ms, row.sid


def place_of(sid: str, created_ms: int | None) -> Place:
    """Where a page ended. A row deleted since then (None) is placed by the time in its sid, so that a listing that
    deletes as it goes skips nothing."""
    if created_ms is None:
        created_ms = made_ms(sid) if is_sid(sid) else 0
    return created_ms, sid


def place_after(before: str | None, created_ms: int | None, to_ms: int | None = None) -> Place:
    """The place that all rows of the next page come after: `before`'s, or the end of time, but not beyond `to_ms`."""
    place = (END_OF_TIME_MS, "") if before is None else place_of(before, created_ms)
    return place if to_ms is None else min(place, (to_ms, ""))


def small(name: str) -> str:
    """A name as it is compared: letters of ASCII small, as every database has them, and no others."""
    return "".join(letter.lower() if letter.isascii() else letter for letter in name)


def page_of(rows: Iterable[Row], before: Place | None, limit: int) -> list[Row]:
    """The `limit` newest rows that come after the place `before`."""
    ordered = sorted(rows, key=newest_first, reverse=True)
    return [row for row in ordered if before is None or newest_first(row) < before][:limit]

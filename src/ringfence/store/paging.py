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


def newest_first(row: Dated) -> Place:
    """The key lists are ordered by, descending."""
    return row.created_ms, row.sid


def place_of(sid: str, row: Dated | None) -> Place:
    """Where a page ended. A row deleted since then is placed by the time in its sid, so that a listing that deletes
    as it goes skips nothing."""
    if row is not None:
        return row.created_ms, sid
    return (made_ms(sid) if is_sid(sid) else 0), sid


def page_of(rows: Iterable[Row], before: Place | None, limit: int) -> list[Row]:
    """The `limit` newest rows that come after the place `before`."""
    ordered = sorted(rows, key=newest_first, reverse=True)
    return [row for row in ordered if before is None or newest_first(row) < before][:limit]

"""A page of those rows of a list that a filter meets, where the store knows the list alone."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

PAGE_ROWS = 50
READ_AT_ONCE = 500
# As many are looked at for one page of a filter: more would keep others waiting.
LOOKED_AT_MAX = 5_000

T = TypeVar("T")


async def looked_through(
    read: Callable[[str | None, int], Awaitable[Sequence[T]]],
    meets: Callable[[T], bool] | None,
    place: Callable[[T], str],
    before: str | None,
    page: int = PAGE_ROWS,
) -> tuple[list[T], str | None]:
    """The page, and what the next one begins behind: None where there is none.

    `read` gives as many rows behind a place, in order. A filter that few rows meet may give a page that is not full.
    """
    found: list[T] = []
    at_once, looked = page + 1 if meets is None else READ_AT_ONCE, 0
    while looked < LOOKED_AT_MAX:
        rows = await read(before, at_once)
        for row in rows:
            if len(found) == page:
                return found, before
            before = place(row)
            if meets is None or meets(row):
                found.append(row)
        looked += len(rows)
        if len(rows) < at_once:
            return found, None
    return found, before

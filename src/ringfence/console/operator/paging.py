"""Pages of a list that is at hand, by the place of its last row: what comes and goes meanwhile shifts nothing."""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

PAGE: Final = 50

T = TypeVar("T")


def page_before(rows: Sequence[T], place: Callable[[T], str], before: str) -> tuple[Sequence[T], str]:
    """The rows below `before`, the highest first, and where the next page begins, "" where there is none."""
    ordered = sorted(rows, key=place, reverse=True)
    left = [row for row in ordered if not before or place(row) < before]
    return left[:PAGE], place(left[PAGE - 1]) if len(left) > PAGE else ""

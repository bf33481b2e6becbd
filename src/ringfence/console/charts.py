"""Bars by day as plain numbers for a template to draw: no library, and no style within a page.

Whoever does not see them reads the same numbers in the table beside them.
"""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

WIDTH: Final = 560
HEIGHT: Final = 160
GAP: Final = 4


class Bar(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a day's column, in units of the drawing; `part` is its place among the kinds, `words` what it says."""

    part: int
    x: int
    y: int
    width: int
    height: int
    words: str


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """A drawing of `WIDTH` by `HEIGHT`. `most` is what its height stands for, `kinds` its parts, five at most."""

    title: str
    kinds: Sequence[str]
    most: str
    first: str
    last: str
    bars: Sequence[Bar]


def stacked(
    title: str,
    kinds: Sequence[str],
    days: Sequence[tuple[str, Sequence[int]]],
    shown: Callable[[int], str] = str,
) -> Chart:
    """A column a day, the earliest first, of one part for each kind."""
    most = max((sum(parts) for _, parts in days), default=0)
    step = WIDTH // max(1, len(days))
    bars: list[Bar] = []
    for place, (day, parts) in enumerate(days):
        below = 0
        for number, (kind, part) in enumerate(zip(kinds, parts, strict=True), 1):
            bottom, top = HEIGHT * below // max(1, most), HEIGHT * (below + part) // max(1, most)
            below += part
            if part:
                bars.append(
                    Bar(
                        part=number,
                        x=place * step,
                        y=HEIGHT - top,
                        width=step - GAP,
                        height=max(1, top - bottom),
                        words=f"{day}: {shown(part)} {kind}",
                    )
                )
    first, last = (days[0][0], days[-1][0]) if days else ("", "")
    return Chart(title=title, kinds=kinds, most=shown(most), first=first, last=last, bars=bars)

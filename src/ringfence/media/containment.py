"""Work done for all legs at once, in arrays: what one leg makes it raise is that leg's trouble alone."""

import traceback
from collections.abc import Callable
from pathlib import Path


def in_halves(first: int, end: int, work: Callable[[int, int], None], broke: Callable[[int, Exception], None]) -> None:
    """Do `work(first, end)`; where it raises, for each half by itself, down to the single places that make it raise.

    `broke` is told each of these, and what it raised. The others' work may have been begun before and is done again,
    once for every halving at most: it must bear that.
    """
    if first >= end:
        return
    try:
        work(first, end)
    except Exception as error:
        if end - first == 1:
            broke(first, error)
            return
        middle = (first + end) // 2
        in_halves(first, middle, work, broke)
        in_halves(middle, end, work, broke)


def place_of(error: Exception) -> str:
    """Where in the code something was raised, for a log: not its words, which may hold what a peer sent."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""

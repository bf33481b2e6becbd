"""What both databases are given of operations, in the order of their statements."""

from typing import Final

from ringfence.ports.operations import AllowedRate

FIRST: Final = (0, "", "", "")  # before every sender queue

Ending = tuple[int, str, str]
Acknowledgement = tuple[str, int, str]
# A rate, the one that it is in place of, and whose number it is.
Raise = tuple[AllowedRate, AllowedRate | None, str]


def change_of(row: AllowedRate, was: AllowedRate | None) -> tuple[str, tuple[object, ...]]:
    """The statement that puts `row` in place of `was`, and its values."""
    if was is None:
        return "insert_rate", (row.kind, row.name, row.rate_mps, row.at_ms)
    return "change_rate", (row.kind, row.name, row.rate_mps, row.at_ms, was.rate_mps, was.at_ms)

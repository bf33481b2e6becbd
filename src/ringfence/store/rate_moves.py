"""What becomes of windows as starts are counted: the same on every store."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ringfence.domain.verify_rate import Exceeded, RateCount, Window, admit

Key = tuple[str, str, bytes]
"""An account, a bucket's sid, and the blind index of a value."""
Known = dict[Key, Window]


class Started(NamedTuple):
    """A start that would be counted."""

    account: str
    counts: tuple[RateCount, ...]
    at_ms: int


def keys_of(starts: Iterable[Started]) -> list[Key]:
    """The windows that these are about, each once, in order."""
    return sorted({(start.account, *count.place) for start in starts for count in start.counts})


def count_starts(starts: Sequence[Started], known: Known) -> list[Exceeded | None]:
    """One after the other; `known` is as it was before, and then as it is after them."""
    return [_counted(start, known) for start in starts]


def _counted(start: Started, known: Known) -> Exceeded | None:
    places = {count.place for count in start.counts}
    windows = {place: known[key] for place in places if (key := (start.account, *place)) in known}
    exceeded, changed = admit(start.counts, windows, start.at_ms)
    known.update({(start.account, *place): window for place, window in changed.items()})
    return exceeded

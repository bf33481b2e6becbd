"""How often a code may be started for a value that a program chose: an address, a session, a customer.

A bucket's window begins with the first start that is counted in it and lasts its interval; so no window holds more than
`most`, and no span of an interval more than twice as many. Source: Twilio, Verify v2, "Service Rate Limits".
"""

from collections.abc import Mapping, Sequence

import msgspec

Place = tuple[str, bytes]
"""A bucket's sid, and the blind index of a value."""


class RateCount(msgspec.Struct, frozen=True, kw_only=True):
    """A start that counts in a bucket, under a value's blind index."""

    bucket: str
    value_index: bytes
    most: int
    interval_ms: int

    @property
    def place(self) -> Place:
        return self.bucket, self.value_index

    def __repr__(self) -> str:
        return f"RateCount({self.bucket}, {self.most} in {self.interval_ms} ms)"


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """So many starts since `began_ms`; it is over at `until_ms`."""

    began_ms: int
    until_ms: int
    count: int


class Exceeded(msgspec.Struct, frozen=True, kw_only=True):
    """Which bucket is full, and when its window is over."""

    bucket: str
    until_ms: int


def admit(
    counts: Sequence[RateCount], known: Mapping[Place, Window], at_ms: int
) -> tuple[Exceeded | None, dict[Place, Window]]:
    """The bucket that refuses the start, if any, and the windows that it changed: none where one refuses.

    Of several full ones, that which stays full the longest.
    """
    changed: dict[Place, Window] = {}
    full: list[Exceeded] = []
    for count in counts:
        window = changed.get(count.place) or known.get(count.place)
        # The interval and the number of a bucket may have been changed since the window began.
        until_ms = 0 if window is None else window.began_ms + count.interval_ms
        if window is None or at_ms >= until_ms:
            window, until_ms = Window(began_ms=at_ms, until_ms=0, count=0), at_ms + count.interval_ms
        if window.count >= count.most:
            full.append(Exceeded(bucket=count.bucket, until_ms=until_ms))
        changed[count.place] = Window(began_ms=window.began_ms, until_ms=until_ms, count=window.count + 1)
    if full:
        return max(full, key=lambda one: one.until_ms), {}
    return None, changed

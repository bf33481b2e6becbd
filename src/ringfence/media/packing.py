"""The sound of one leg whose packets are not one a beat: gathered into longer ones, or cut into two.

Its octets are an eighth of a millisecond each, as those of G.711 and G.722 are, and so is its RTP clock.
"""

from typing import NamedTuple

OCTETS_PER_MS = 8


class Packed(NamedTuple):
    """A packet's payload, and how many octets before the end of what was added it begins."""

    payload: bytes
    before_end: int


class Packing:
    """Gathers packets of `ptime_ms`."""

    def __init__(self, ptime_ms: int) -> None:
        self.ptime_ms = ptime_ms
        # Nothing has gone out yet.
        self.fresh = True
        self._size = ptime_ms * OCTETS_PER_MS
        self._octets = bytearray()

    def __repr__(self) -> str:
        return f"Packing({self.ptime_ms} ms)"

    def add(self, octets: bytes) -> list[Packed]:
        """Take what a beat made: the packets that are full now, in order."""
        self._octets += octets
        full: list[Packed] = []
        while len(self._octets) >= self._size:
            full.append(Packed(bytes(self._octets[: self._size]), len(self._octets)))
            del self._octets[: self._size]
        return full

    def clear(self) -> None:
        """Leave what has been gathered: time goes on without it."""
        self._octets.clear()

"""Whose packets count: the address a leg's media comes from is settled once, and never again while the session lasts.

A peer behind NAT sends from elsewhere than its description says. So the described host is believed at once, another
only after some packets in a row of one source, as a spray over all ports has none; and for its first seconds it gives
way to the described host, should that speak after all. Once settled, packets from elsewhere are not heard: neither to
be relayed nor to be recorded, and nothing is sent there ("RTP bleed").
"""

from typing import Any

from ringfence.media.rtp import sequence_step

# How many packets in a row another host than the described one must send.
STRANGER_PACKETS = 3

# What a socket calls an address: host, port, and more for IPv6.
Address = tuple[Any, ...]


class Latch:
    """One leg's. `settled` is where packets come from, None while nothing that counts has come; `sure` is for good."""

    def __init__(self, described: Address, *, symmetric: bool) -> None:
        self._described = described
        self.settled: Address | None = None if symmetric else described
        self.sure = not symmetric
        self._candidate: tuple[Address, int, int] | None = None
        self._seen = 0

    def hears(self, source: Address) -> bool:
        """Whether a packet from there is worth a look."""
        if self.settled is None or source[:2] == self.settled[:2]:
            return True
        return not self.sure and self._is_home(source)

    def admits(self, source: Address, ssrc: int, sequence: int) -> bool:
        """Whether a well-formed packet of the agreed type counts; it may settle the address."""
        if self.settled is not None and source[:2] == self.settled[:2]:
            return True
        if not self.hears(source):
            return False
        if not self._is_home(source) and not self._insists(source, ssrc, sequence):
            return False
        self.settled = source
        self.sure = self._is_home(source)
        return True

    def confirm(self) -> None:
        """Whoever has it now has had it for long enough to keep it."""
        self.sure = self.settled is not None

    def _is_home(self, source: Address) -> bool:
        return bool(source[0] == self._described[0])

    def _insists(self, source: Address, ssrc: int, sequence: int) -> bool:
        before = self._candidate
        self._candidate = (source, ssrc, sequence)
        follows = before is not None and before[:2] == (source, ssrc) and sequence_step(before[2], sequence) == 1
        self._seen = self._seen + 1 if follows else 1
        return self._seen >= STRANGER_PACKETS

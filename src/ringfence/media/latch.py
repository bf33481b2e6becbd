"""Whose packets count: the address a leg's media comes from is settled once, and never again while the session lasts.

A peer behind NAT sends from elsewhere than its description says, and then mostly from where its signalling comes
from. So both of these hosts are believed at once. Another one is believed only after it has sent in a row for a while,
as a spray over all ports has not; and for its first seconds it gives way to either of the two, should that speak after
all. Once settled, packets from elsewhere are not heard: neither to be relayed nor to be recorded, and nothing is sent
there ("RTP bleed").

Times are ticks: what waits in a socket since before the session was agreed comes all at once, and is no while.
"""

from typing import Any

from ringfence.media.rtp import sequence_step

# What a host that neither description nor signalling names must send in a row, and for how long.
STRANGER_PACKETS = 3
STRANGER_TICKS = 10
# For so long such an address is not for good.
DOUBTED_TICKS = 200

# What a socket calls an address: host, port, and more for IPv6.
Address = tuple[Any, ...]


class Latch:
    """One leg's. `settled` is where packets come from, None while nothing that counts has come; `sure` is for good."""

    def __init__(self, described: Address, *, symmetric: bool, signalled: str = "") -> None:
        self._homes = {described[0], signalled} - {""}
        self.settled: Address | None = None if symmetric else described
        self.sure = not symmetric
        self._candidate: tuple[Address, int, int] | None = None
        self._seen = self._since = 0
        self._settled_tick = 0

    def hears(self, source: Address) -> bool:
        """Whether a packet from there is worth a look."""
        if self.settled is None or source[:2] == self.settled[:2]:
            return True
        return not self.sure and self._is_home(source)

    def admits(self, source: Address, ssrc: int, sequence: int, tick: int) -> bool:
        """Whether a well-formed packet of the agreed type counts; it may settle the address."""
        if self.settled is not None and source[:2] == self.settled[:2]:
            return True
        if not self.hears(source):
            return False
        if not self._is_home(source) and not self._insists(source, ssrc, sequence, tick):
            return False
        self.settled = source
        self.sure = self._is_home(source)
        self._settled_tick = tick
        return True

    def ripen(self, tick: int) -> bool:
        """Whether a stranger has now had it for long enough to keep it."""
        if self.sure or self.settled is None or tick - self._settled_tick < DOUBTED_TICKS:
            return False
        self.sure = True
        return True

    def _is_home(self, source: Address) -> bool:
        return source[0] in self._homes

    def _insists(self, source: Address, ssrc: int, sequence: int, tick: int) -> bool:
        before = self._candidate
        self._candidate = (source, ssrc, sequence)
        follows = before is not None and before[:2] == (source, ssrc) and sequence_step(before[2], sequence) == 1
        if not follows:
            self._seen, self._since = 0, tick
        self._seen += 1
        return self._seen >= STRANGER_PACKETS and tick - self._since >= STRANGER_TICKS

"""The control's leg: it sends to wherever the last packet came from, as "symmetric RTP" without a latch does."""

from ringfence.media.leg import Leg as OurLeg
from ringfence.media.rtp import is_rtcp


class Leg(OurLeg):
    def settle(self) -> None:
        """Nothing is ever settled: no source is better than another."""

    def _receive_checked(self) -> int:
        size, self.source = self.rtp.recvfrom_into(self._buffer)
        if not is_rtcp(bytes(self._buffer[:2])):
            self._destination = self.source
        if self.latch is not None:
            self.latch.settled = self.source
        return size

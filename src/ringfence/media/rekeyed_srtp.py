"""SRTP after the other end took a new key: it is heard under that, and our own stream goes on as it was.

Source: RFC 3711, section 3.2.1 (the rollover counter belongs to a stream, and a fresh session would begin it at 0).
"""

from ringfence.media.seams import Srtp


class RekeyedSrtp:
    """Sends by one session and receives by another."""

    def __init__(self, sending: Srtp, receiving: Srtp) -> None:
        # Of a session that was rekeyed before, only the sending half goes on.
        self._sending: Srtp = sending._sending if isinstance(sending, RekeyedSrtp) else sending
        self._receiving = receiving

    def protect(self, rtp: bytes) -> bytes:
        return self._sending.protect(rtp)

    def unprotect(self, packet: bytes) -> bytes:
        return self._receiving.unprotect(packet)

    def protect_rtcp(self, rtcp: bytes) -> bytes:
        return self._sending.protect_rtcp(rtcp)

    def unprotect_rtcp(self, packet: bytes) -> bytes:
        return self._receiving.unprotect_rtcp(packet)

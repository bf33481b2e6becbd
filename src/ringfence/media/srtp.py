"""SRTP: one leg's packets protected under what we send with, and opened under what the other end sends with.

libsrtp does the work, some 1.5 µs a packet: keys derived, rollover counted, replays refused by a window of 128 packets
for each source.

Source: RFC 3711 (SRTP, AES-CM with HMAC-SHA1), RFC 7714 (AES-GCM), RFC 5764, section 4.1.2 (DTLS's names of both).
"""

from pylibsrtp import Error, Policy, Session

# By what SDP calls it (RFC 4568, RFC 7714): libsrtp's profile, and the bytes of key and salt.
_PROFILES = {
    "AES_CM_128_HMAC_SHA1_80": (Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 16 + 14),
    "AES_CM_128_HMAC_SHA1_32": (Policy.SRTP_PROFILE_AES128_CM_SHA1_32, 16 + 14),
    "AEAD_AES_128_GCM": (Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 16 + 12),
}
_DTLS_NAMES = {
    "SRTP_AES128_CM_SHA1_80": "AES_CM_128_HMAC_SHA1_80",
    "SRTP_AES128_CM_SHA1_32": "AES_CM_128_HMAC_SHA1_32",
    "SRTP_AEAD_AES_128_GCM": "AEAD_AES_128_GCM",
}
SUITES = tuple(_PROFILES)
MAX_PACKET_BYTES = 1_356
"""What can be protected: libsrtp keeps room for its longest trailer in 1,500 bytes."""
MAX_SOURCES = 16
"""How many sources one leg's other end may have: each costs memory, and whoever has the keys can name 2^32."""

_RTP_SSRC = slice(8, 12)
_RTCP_SSRC = slice(4, 8)


class SrtpError(ValueError):
    """A packet that is not the other end's, not whole, or not new; or one that is too long to be protected."""


class SrtpSession:
    """Keys both ways. `profile` is one of SUITES, or DTLS's name of it; keys are the master key and salt as one.

    ValueError for another profile, or a key of another length.
    """

    def __init__(self, profile: str, send_key: bytes, receive_key: bytes) -> None:
        name = _DTLS_NAMES.get(profile, profile)
        if name not in _PROFILES:
            raise ValueError("no SRTP profile that is known")
        number, length = _PROFILES[name]
        if len(send_key) != length or len(receive_key) != length:
            raise ValueError("an SRTP key of another length")
        self._sending = Session(Policy(send_key, Policy.SSRC_ANY_OUTBOUND, srtp_profile=number))
        self._receiving = Session(Policy(receive_key, Policy.SSRC_ANY_INBOUND, srtp_profile=number))
        self._sources: set[bytes] = set()

    def __repr__(self) -> str:
        return "SrtpSession(…)"

    def protect(self, rtp: bytes) -> bytes:
        """An RTP packet as SRTP. Each sequence number once; SrtpError."""
        try:
            return self._sending.protect(rtp)
        except (Error, ValueError) as error:
            raise SrtpError(str(error)) from None

    def unprotect(self, packet: bytes) -> bytes:
        """The RTP packet that was protected; SrtpError for a stranger's, an altered or a repeated one."""
        source = packet[_RTP_SSRC]
        known = source in self._sources
        if not known:
            self._check_room()
        try:
            plain = self._receiving.unprotect(packet)
        except (Error, ValueError) as error:
            raise SrtpError(str(error)) from None
        if not known:
            self._sources.add(source)
        return plain

    def protect_rtcp(self, rtcp: bytes) -> bytes:
        """A compound RTCP packet as SRTCP; SrtpError."""
        try:
            return self._sending.protect_rtcp(rtcp)
        except (Error, ValueError) as error:
            raise SrtpError(str(error)) from None

    def unprotect_rtcp(self, packet: bytes) -> bytes:
        """The RTCP packet that was protected; SrtpError as for `unprotect`."""
        if packet[_RTCP_SSRC] not in self._sources:
            self._check_room()
        try:
            plain = self._receiving.unprotect_rtcp(packet)
        except (Error, ValueError) as error:
            raise SrtpError(str(error)) from None
        self._sources.add(packet[_RTCP_SSRC])
        return plain

    def _check_room(self) -> None:
        if len(self._sources) >= MAX_SOURCES:
            raise SrtpError("one source too many")

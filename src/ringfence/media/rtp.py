"""RTP packets: bytes to values and back.

Every header field is checked before a packet counts: what comes in is from whoever can send to a port.

Source: RFC 3550, section 5.1; RFC 3551 (payload types); RFC 5761, section 4 (RTP and RTCP on one port).
"""

import struct

import msgspec

VERSION = 2
HEADER_BYTES = 12
MAX_PACKET_BYTES = 1_500

_HEADER = struct.Struct("!BBHII")
_EXTENSION = struct.Struct("!HH")


class InvalidPacketError(ValueError):
    """Not a packet of its kind. The reason holds nothing of it."""


class RtpPacket(msgspec.Struct, frozen=True, kw_only=True):
    """One packet. `sequence` counts packets modulo 2^16, `timestamp` samples modulo 2^32; both are the sender's."""

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    marker: bool = False

    def __repr__(self) -> str:
        return f"RtpPacket(type {self.payload_type}, {len(self.payload)} bytes)"

    def __bytes__(self) -> bytes:
        head = _HEADER.pack(
            VERSION << 6,
            self.marker << 7 | self.payload_type,
            self.sequence,
            self.timestamp,
            self.ssrc,
        )
        return head + self.payload


def parse_rtp(data: bytes) -> RtpPacket:
    """Read one packet; contributing sources, an extension and padding are passed over. InvalidPacketError."""
    if not HEADER_BYTES <= len(data) <= MAX_PACKET_BYTES:
        raise InvalidPacketError("no packet's size")
    first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
    if first >> 6 != VERSION:
        raise InvalidPacketError("not version 2")
    start = HEADER_BYTES + 4 * (first & 0x0F)
    if first & 0x10:
        if len(data) < start + _EXTENSION.size:
            raise InvalidPacketError("an extension that is cut off")
        start += _EXTENSION.size + 4 * _EXTENSION.unpack_from(data, start)[1]
    end = len(data)
    if first & 0x20:
        padding = data[-1]
        if padding == 0:
            raise InvalidPacketError("padding of no length")
        end -= padding
    if start > end:
        raise InvalidPacketError("a header longer than its packet")
    return RtpPacket(
        payload_type=second & 0x7F,
        sequence=sequence,
        timestamp=timestamp,
        ssrc=ssrc,
        payload=data[start:end],
        marker=bool(second & 0x80),
    )


def is_rtcp(data: bytes) -> bool:
    """Whether a packet on a shared port is RTCP: its type is 192–223, which no payload type with a marker may be."""
    return len(data) >= 2 and 192 <= data[1] <= 223


def sequence_step(earlier: int, later: int) -> int:
    """How far `later` is ahead of `earlier`, modulo 2^16: negative for an older packet, from -32,768 to 32,767."""
    return (later - earlier + 0x8000 & 0xFFFF) - 0x8000


def timestamp_step(earlier: int, later: int) -> int:
    """How many samples `later` is ahead of `earlier`, modulo 2^32."""
    return (later - earlier + 0x80000000 & 0xFFFFFFFF) - 0x80000000

"""Keys as named events in RTP: a key is a run of packets under one timestamp, its end sent three times.

Source: RFC 4733, section 2.5.
"""

import struct
from collections.abc import Iterator

import msgspec

from ringfence.media.rtp import InvalidPacketError, RtpPacket, timestamp_step

KEYS = "0123456789*#ABCD"
CLOCK_RATE_HZ = 8_000
END_PACKETS = 3
DEFAULT_VOLUME_DBM0 = 10

_EVENT = struct.Struct("!BBH")


class TelephoneEvent(msgspec.Struct, frozen=True, kw_only=True):
    """The payload of one packet: `duration` in samples since the event began, `volume_dbm0` as -dBm0."""

    event: int
    end: bool
    duration: int
    volume_dbm0: int = DEFAULT_VOLUME_DBM0

    def __repr__(self) -> str:
        return "TelephoneEvent(…)"

    def __bytes__(self) -> bytes:
        return _EVENT.pack(self.event, self.end << 7 | self.volume_dbm0, self.duration)


def parse_telephone_event(payload: bytes) -> TelephoneEvent:
    """Read a payload; some phones append bytes, which are passed over. InvalidPacketError."""
    if len(payload) < _EVENT.size:
        raise InvalidPacketError("an event that is cut off")
    event, flags, duration = _EVENT.unpack_from(payload)
    return TelephoneEvent(event=event, end=bool(flags & 0x80), duration=duration, volume_dbm0=flags & 0x3F)


def key_payloads(
    key: str, *, duration_ms: int, ptime_ms: int, clock_rate_hz: int = CLOCK_RATE_HZ
) -> Iterator[tuple[TelephoneEvent, bool]]:
    """A key's packets in order, one a ptime, each with its marker bit; all go out under the first one's timestamp.

    `duration_ms` is rounded up to whole packets and stays under what the field can say: 8 s at 8,000 a second.
    """
    event, step = KEYS.index(key), ptime_ms * clock_rate_hz // 1_000
    packets = max(1, -(-min(duration_ms, 64_000_000 // clock_rate_hz) // ptime_ms))
    for number in range(1, packets + 1):
        yield TelephoneEvent(event=event, end=False, duration=number * step), number == 1
    for _ in range(END_PACKETS):
        yield TelephoneEvent(event=event, end=True, duration=packets * step), False


class KeyReceiver:
    """Packets in, keys out: each key once, at its first packet, whatever is lost or comes twice.

    `key` is also given when only the end of an event arrives. Late packets of a key that was heard say nothing.
    """

    def __init__(self) -> None:
        self._timestamp: int | None = None

    def receive(self, packet: RtpPacket) -> str | None:
        """The key that begins with this packet, or None. InvalidPacketError for a payload that is no event."""
        event = parse_telephone_event(packet.payload)
        if self._timestamp is not None and timestamp_step(self._timestamp, packet.timestamp) <= 0:
            return None
        self._timestamp = packet.timestamp
        return KEYS[event.event] if event.event < len(KEYS) else None

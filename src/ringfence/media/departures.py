"""What goes out: one packet a leg and tick, made in a tick and sent first thing in the next, so that pacing is even."""

import functools
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ringfence.domain.packet_time import USUAL_MS
from ringfence.media.arrivals import LAWS
from ringfence.media.containment import in_halves
from ringfence.media.g711 import ENCODING
from ringfence.media.jitter_buffers import FRAME
from ringfence.media.leg import Leg
from ringfence.media.packing import Packing
from ringfence.media.pressing import EventPacket
from ringfence.media.rtp import HEADER_BYTES, VERSION

Samples = NDArray[np.int16]

_HEADER = struct.Struct("!BBHII")
_FRAMES_A_SECOND = 50
_MARKER = 0x80


_NOTHING_PASSED: Mapping[Leg, bytes] = {}


class Departures:
    """The sending half of all legs of a worker, a row each.

    `broke` is told of what one leg's packet raised that nobody foresaw; those of the others go out all the same.
    """

    def __init__(self, rows: int, *, broke: Callable[[int, Exception], None]) -> None:
        self._broke = broke
        self.sent = np.zeros(rows, np.int64)
        self.octets = np.zeros(rows, np.int64)
        # Packets that the kernel did not take, or that could not be protected.
        self.unsent = 0
        self._packets = np.zeros((rows, HEADER_BYTES + FRAME), np.uint8)
        self._packets[:, 0] = VERSION << 6
        self._numbers = self._packets[:, 2:4].view(">u2")[:, 0]
        self._times = self._packets[:, 4:8].view(">u4")[:, 0]
        self._sequence = np.zeros(rows, np.int64)
        self._timestamp = np.zeros(rows, np.int64)
        self._step = np.full(rows, FRAME, np.int64)
        self._sends = np.zeros(rows, np.int64)
        self._law = np.zeros(rows, np.int64)
        self._views: list[memoryview] = [packet.data for packet in self._packets]
        # By row: what sends, and what is sent.
        self._entries: dict[int, list[Any]] = {}
        self._changed: list[int] = []
        self._coded: set[Leg] = set()
        # Legs that send none, one or several packets a tick; and of these, whose packets are of another length.
        self._listed: set[Leg] = set()
        self._packings: dict[Leg, Packing] = {}
        self._beginning: set[Leg] = set()

    def admit(self, leg: Leg, sequence: int, timestamp: int) -> None:
        """Take a leg in; nothing is sent yet."""
        row = leg.row
        self.sent[row] = self.octets[row] = 0
        self._sequence[row], self._timestamp[row] = sequence, timestamp
        self._packets[row, 8:HEADER_BYTES] = np.frombuffer(struct.pack("!I", leg.ssrc), np.uint8)

    def agree(self, leg: Leg, *, clock_rate_hz: int) -> None:
        """Send as agreed from the next tick on, or not where the leg is on hold or has nowhere to send to."""
        row, remote = leg.row, leg.remote
        if remote is None or not leg.sends:
            self.forget(leg)
            return
        packing = self._packings.get(leg)
        listed = leg.codec is not None or remote.ptime_ms != USUAL_MS
        packed_ms = USUAL_MS if packing is None else packing.ptime_ms
        if listed != (leg in self._listed) or packed_ms != remote.ptime_ms:
            self.forget(leg)
            if listed:
                self._listed.add(leg)
            if remote.ptime_ms != USUAL_MS:
                self._packings[leg] = Packing(remote.ptime_ms)
        encoding = remote.encoding.upper()
        self._law[row] = LAWS.index(encoding) if encoding in LAWS else 0
        self._step[row] = clock_rate_hz // _FRAMES_A_SECOND
        self._packets[row, 1] = remote.payload_type
        if row not in self._entries:
            self._beginning.add(leg)
        self.refresh(leg)
        (self._coded.add if leg.codec is not None else self._coded.discard)(leg)

    def refresh(self, leg: Leg) -> None:
        """Send the way that the leg's state asks for now."""
        entry = self._entries.get(leg.row)
        if entry is not None:
            entry[0] = self._sender(leg)

    def forget(self, leg: Leg) -> None:
        """Send nothing for a leg. Idempotent."""
        self._beginning.discard(leg)
        self._sends[leg.row] = 0
        self._entries.pop(leg.row, None)
        self._coded.discard(leg)
        self._listed.discard(leg)
        self._packings.pop(leg, None)

    def timestamp(self, row: int) -> int:
        """The RTP time of a row's last packet."""
        return int(self._timestamp[row]) & 0xFFFFFFFF

    def skip(self, ticks: int) -> None:
        """So many ticks were left out: time has gone on without packets."""
        self._timestamp += self._step * ticks
        for packing in self._packings.values():
            packing.clear()

    def send(self) -> None:
        """Send what the last tick made."""
        for row, (send, data) in self._entries.items():
            try:
                send(data)
            except (OSError, ValueError):
                self.unsent += 1
            except Exception as error:
                self._broke(row, error)

    def make(
        self, outbound: Samples, events: Mapping[Leg, EventPacket], passed: Mapping[Leg, bytes] = _NOTHING_PASSED
    ) -> None:
        """Make the packets of the next tick: sound for the first rows, but a key's packet where there is one.

        `passed` are payloads that go out as they came, b"" where one is missing: its number is left out.
        """
        for row in self._changed:
            if row in self._entries:
                packed = self._entries[row][1].__class__ is tuple
                self._entries[row][1] = () if packed else self._views[row]
        self._changed = []
        beginning, self._beginning = self._beginning, set()
        for leg in beginning:
            self._contained(leg, self._begin)
        samples = outbound.view(np.uint16)
        in_halves(0, len(samples), lambda first, end: self._make_rows(samples[first:end], first), self._broke)
        for leg in self._coded - self._packings.keys():
            self._contained(leg, self._encode, outbound[leg.row], passed.get(leg))
        for leg in self._packings.keys() - events.keys():
            self._contained(leg, self._pack, outbound[leg.row])
        for leg, event in events.items():
            self._contained(leg, self._make_event, event)
        for leg in beginning - self._packings.keys():
            self._contained(leg, self._mark)

    def _begin(self, leg: Leg) -> None:
        sender = self._sender(leg)
        self._sends[leg.row] = leg not in self._packings
        self._entries[leg.row] = [sender, () if leg in self._listed else self._views[leg.row]]

    def _make_rows(self, samples: NDArray[np.uint16], first: int) -> None:
        """The packets of some rows, from `first` on. Their sound first, for it may be made again: their numbers not."""
        rows = slice(first, first + len(samples))
        packets = self._packets[rows]
        packets[:, HEADER_BYTES:] = ENCODING[LAWS[0]][samples]
        others = np.flatnonzero(self._law[rows])
        if len(others):
            packets[others, HEADER_BYTES:] = ENCODING[LAWS[1]][samples[others]]
        self._sequence[rows] += self._sends[rows]
        self._timestamp[rows] += self._step[rows]
        self.sent[rows] += self._sends[rows]
        self.octets[rows] += self._sends[rows] * FRAME
        self._numbers[rows] = self._sequence[rows] & 0xFFFF
        self._times[rows] = self._timestamp[rows] & 0xFFFFFFFF

    def _mark(self, leg: Leg) -> None:
        """Mark a leg's first packet."""
        if leg.row not in self._entries:
            return
        data = self._entries[leg.row][1]
        packet = bytearray(data[0] if leg in self._listed and data else data)
        if packet:
            packet[1] |= _MARKER
        self._replace(leg.row, bytes(packet))

    def _contained(self, leg: Leg, make: Callable[..., None], *of_leg: Any) -> None:
        """Make a packet of one leg; what that raises is its trouble alone."""
        try:
            make(leg, *of_leg)
        except Exception as error:
            self._broke(leg.row, error)

    def _encode(self, leg: Leg, sound: Samples, passed: bytes | None) -> None:
        assert leg.codec is not None
        payload = leg.codec.encode(sound) if passed is None else passed
        if payload:
            self._replace(leg.row, self._head(leg.row) + payload)
        elif leg.row in self._entries:
            self.sent[leg.row] -= 1
            self.octets[leg.row] -= FRAME

    def _make_event(self, leg: Leg, event: EventPacket) -> None:
        remote = leg.remote
        if remote is None or remote.event_payload_type is None or leg.row not in self._entries:
            return
        if event.first:
            leg.event_timestamp = self.timestamp(leg.row)
        packing = self._packings.get(leg)
        if packing is not None:
            # What has been gathered before a key is left: its packets come in its place.
            packing.clear()
            self._count(leg.row, len(event.payload))
        head = self._header(leg, event.first << 7 | remote.event_payload_type, leg.event_timestamp)
        self._replace(leg.row, head + event.payload)

    def _pack(self, leg: Leg, sound: Samples) -> None:
        """Send the packets that are full now, under the times at which they begin."""
        packing, remote = self._packings[leg], leg.remote
        if remote is None or leg.row not in self._entries:
            return
        octets = leg.codec.encode(sound) if leg.codec is not None else bytes(self._packets[leg.row, HEADER_BYTES:])
        end = self.timestamp(leg.row) + FRAME
        packets = []
        for payload, before_end in packing.add(octets):
            self._count(leg.row, len(payload))
            kind = packing.fresh << 7 | remote.payload_type
            packing.fresh = False
            packets.append(self._header(leg, kind, end - before_end & 0xFFFFFFFF) + payload)
        self._entries[leg.row][1] = tuple(packets)
        self._changed.append(leg.row)

    def _count(self, row: int, octets: int) -> None:
        """One more packet, beside those that are one a tick."""
        self._sequence[row] += 1
        self.sent[row] += 1
        self.octets[row] += octets

    def _header(self, leg: Leg, kind: int, timestamp: int) -> bytes:
        return _HEADER.pack(VERSION << 6, kind, int(self._sequence[leg.row]) & 0xFFFF, timestamp, leg.ssrc)

    def _sender(self, leg: Leg) -> Callable[[Any], object]:
        send = leg.sender()
        return functools.partial(_send_each, send) if leg in self._listed else send

    def _head(self, row: int) -> bytes:
        return bytes(self._views[row][:HEADER_BYTES])

    def _replace(self, row: int, packet: bytes) -> None:
        entry = self._entries.get(row)
        if entry is not None:
            entry[1] = (packet,) if entry[1].__class__ is tuple else packet
            self._changed.append(row)


def _send_each(send: Callable[[Any], object], packets: Sequence[bytes]) -> None:
    for packet in packets:
        send(packet)

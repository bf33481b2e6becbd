"""What comes in: every socket read in rounds, headers checked for all packets of a round at once, sound to its buffer.

A packet that is just what was agreed costs no code of its own. Every other one (the first of a stream, reports, keys,
another size, garbage) is looked at by itself, and a leg gets at most `ROUNDS` packets a tick, so that a flood costs its
own leg, and nobody else.
"""

import select
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ringfence.domain.packet_time import USUAL_MS
from ringfence.media.concealment import FADED_AFTER
from ringfence.media.containment import in_halves
from ringfence.media.g711 import DECODING
from ringfence.media.jitter_buffers import HALF, HALF_MS, JitterBuffers
from ringfence.media.leg import Leg
from ringfence.media.receptions import Receptions
from ringfence.media.rtp import HEADER_BYTES, InvalidPacketError, RtpPacket, is_rtcp, parse_rtp

Rows = NDArray[np.int64]
Samples = NDArray[np.int16]

ROUNDS = 4
# More packets than fit into a socket's buffer.
STALE_ROUNDS = 512
# Room for what is no RTP too: a handshake's datagrams.
PACKET_BYTES = 1_536
# The longest packet that is heard: 120 ms.
MAX_HALVES = 12
COMFORT_NOISE = 13
LAWS = ("PCMU", "PCMA")
_OTHER = len(LAWS)

_DECODING = np.concatenate([DECODING[law] for law in LAWS])


class Arrivals:
    """The receiving half of all legs of a worker, a row each.

    `broke` is told of what a packet of one leg raised that nobody foresaw; the others are heard all the same.
    """

    def __init__(
        self,
        rows: int,
        *,
        key: Callable[[Leg, str | None], None],
        settled: Callable[[Leg], None],
        broke: Callable[[int, Exception], None],
    ) -> None:
        self.buffers = JitterBuffers(rows)
        self.receptions = Receptions(rows)
        self.heard_tick = np.zeros(rows, np.int64)
        self.hears = np.zeros(rows, bool)
        self._legs: list[Leg | None] = [None] * rows
        self._packets = np.zeros((rows, PACKET_BYTES), np.uint8)
        self._type = np.full(rows, -1, np.int64)
        self._event_type = np.full(rows, -1, np.int64)
        self._ssrc = np.full(rows, -1, np.int64)
        self._law = np.zeros(rows, np.int64)
        self._rate = np.full(rows, 8_000, np.int64)
        self._epoll = select.epoll()
        self._doors: dict[int, tuple[int, Callable[[], int]]] = {}
        self._coded: set[Leg] = set()
        self._unquiet: set[Leg] = set()
        self._key = key
        self._settled = settled
        self._broke = broke

    def buffer(self, row: int) -> memoryview:
        """Where a leg's packets are read to."""
        packet: memoryview[int] = self._packets[row].data
        return packet

    def admit(self, leg: Leg) -> None:
        """Begin to read a leg's sockets."""
        self._legs[leg.row] = leg
        for bound in (leg.rtp, leg.rtcp):
            self._epoll.register(bound.fileno(), select.EPOLLIN)
        self._doors[leg.rtcp.fileno()] = (leg.row, leg.receive_report)
        self.refresh(leg)

    def agree(self, leg: Leg, *, anew: bool, clock_rate_hz: int, tick: int) -> None:
        """Expect what was agreed from now on; `anew` for another stream than before."""
        row, remote = leg.row, leg.remote
        assert remote is not None
        self._type[row] = remote.payload_type
        self._event_type[row] = -1 if remote.event_payload_type is None else remote.event_payload_type
        encoding = remote.encoding.upper()
        self._law[row] = LAWS.index(encoding) if encoding in LAWS else _OTHER
        self._rate[row] = clock_rate_hz
        self.heard_tick[row] = tick
        self.hears[row] = remote.receive
        if anew:
            self._ssrc[row] = -1
            self.buffers.clear(row, clock_rate_hz=clock_rate_hz)
            self.receptions.restart(row)
            leg.payloads.clear()
        (self._coded.add if leg.codec is not None else self._coded.discard)(leg)
        self.refresh(leg)

    def refresh(self, leg: Leg) -> None:
        """Read a leg the way that its state asks for now."""
        self._doors[leg.rtp.fileno()] = (leg.row, leg.receiver())
        (self._unquiet.discard if leg.quiet else self._unquiet.add)(leg)

    def settle_doors(self, tick: int) -> None:
        """Let the kernel alone guard the sockets that have nothing of strangers left in them."""
        for leg in list(self._unquiet):
            try:
                leg.ripen(tick)
                if leg.quiet:
                    self.refresh(leg)
            except Exception as error:
                self._broke(leg.row, error)

    def forget(self, leg: Leg) -> None:
        """Stop reading a leg, before its sockets are closed."""
        row = leg.row
        for bound in (leg.rtp, leg.rtcp):
            if self._doors.pop(bound.fileno(), None) is not None:
                self._epoll.unregister(bound.fileno())
        self._legs[row] = None
        self._coded.discard(leg)
        self._unquiet.discard(leg)
        self.hears[row] = False
        self._type[row] = self._event_type[row] = self._ssrc[row] = -1
        self.buffers.clear(row)
        self.receptions.clear(row)

    def ssrc(self, row: int) -> int:
        """Who sends to a row, -1 while nobody has."""
        return int(self._ssrc[row])

    def read(self, tick: int, now_ms: float) -> None:
        """Take what has come since the last tick."""
        for _ in range(ROUNDS):
            came, rows, sizes = self._round()
            if not came:
                break
            self._sort_each(np.array(rows, np.int64), np.array(sizes, np.int64), tick, now_ms)
        for leg in self._coded:
            try:
                self._decode(leg)
            except Exception as error:
                self._broke(leg.row, error)

    def skip(self, tick: int, now_ms: float) -> None:
        """Leave the sound that has come since the last tick, long ago, and begin anew with what comes from now on.

        Keys are no sound: each that was pressed meanwhile is told, in order, as far as a socket's buffer held it.
        """
        for _ in range(STALE_ROUNDS):
            came, rows, sizes = self._round()
            if not came:
                break
            self._sort_each(np.array(rows, np.int64), np.array(sizes, np.int64), tick, now_ms, stale=True)
        self.buffers.restart_all()
        for leg in self._coded:
            leg.payloads.clear()

    def _round(self) -> tuple[bool, list[int], list[int]]:
        """One packet of each socket that has one: whether any came, and the rows and sizes of those to look at."""
        rows: list[int] = []
        sizes: list[int] = []
        doors = self._doors
        ready = self._epoll.poll(0, len(doors) + 1)
        for descriptor, _ in ready:
            row, receive = doors[descriptor]
            try:
                size = receive()
            except OSError:
                # Nothing there after all, or the kernel tells that the peer's port is closed.
                continue
            except Exception as error:
                self._broke(row, error)
                continue
            if size:
                rows.append(row)
                sizes.append(size)
        return bool(ready), rows, sizes

    def _sort_each(self, rows: Rows, sizes: Rows, tick: int, now_ms: float, *, stale: bool = False) -> None:
        """Sort the packets of a round, at most one a row."""

        def sort(first: int, end: int) -> None:
            self._sort(rows[first:end], sizes[first:end], tick, now_ms, stale=stale)

        in_halves(0, len(rows), sort, lambda place, error: self._broke(int(rows[place]), error))

    def _sort(self, rows: Rows, sizes: Rows, tick: int, now_ms: float, *, stale: bool = False) -> None:
        head = self._packets[rows, :HEADER_BYTES]
        words = head.view(">u4").astype(np.int64)
        types = head[:, 1].astype(np.int64) & 0x7F
        usual = (head[:, 0] == 0x80) & (sizes > HEADER_BYTES) & (words[:, 2] == self._ssrc[rows])
        usual &= (types == self._type[rows]) | (types == self._event_type[rows])
        if not usual.all():
            for number in np.flatnonzero(~usual).tolist():
                sizes[number] = self._contained(self._look_at, int(rows[number]), int(sizes[number]), tick)
            kept = sizes > HEADER_BYTES
            rows, sizes = rows[kept], sizes[kept]
            if not len(rows):
                return
            head = self._packets[rows, :HEADER_BYTES]
            words = head.view(">u4").astype(np.int64)
            types = head[:, 1].astype(np.int64) & 0x7F
        sounding = types == self._type[rows]
        timestamps = words[:, 1]
        # When a stale packet came nobody knows.
        timed = sounding & (not stale)
        counted = self.receptions.take(rows, words[:, 0] & 0xFFFF, timestamps, timed, now_ms, self._rate[rows])
        self.heard_tick[rows[counted]] = tick
        for number in np.flatnonzero(counted & ~sounding).tolist():
            self._contained(self._take_event, int(rows[number]), int(sizes[number]))
        if stale:
            return
        heard = counted & sounding & self.hears[rows]
        self._store_each(rows[heard], sizes[heard] - HEADER_BYTES, timestamps[heard])

    def _store_each(self, rows: Rows, sizes: Rows, timestamps: Rows) -> None:
        def store(first: int, end: int) -> None:
            self._store(rows[first:end], sizes[first:end], timestamps[first:end])

        in_halves(0, len(rows), store, lambda place, error: self._broke(int(rows[place]), error))

    def _store(self, rows: Rows, sizes: Rows, timestamps: Rows) -> None:
        other = self._law[rows] == _OTHER
        if other.any():
            self._store_coded(rows[other], sizes[other], timestamps[other])
            rows, sizes, timestamps = rows[~other], sizes[~other], timestamps[~other]
        for size in np.unique(sizes).tolist():
            same = sizes == size
            halves = -(-size // HALF)
            if halves > MAX_HALVES:
                self._refuse(rows[same])
                continue
            chosen = rows[same]
            octets = self._packets[chosen, HEADER_BYTES : HEADER_BYTES + size]
            sound = np.take(_DECODING, octets + (self._law[chosen] << 8)[:, None])
            if size % HALF:
                sound = np.pad(sound, ((0, 0), (0, halves * HALF - size)))
            self.buffers.put(chosen, self.buffers.place(chosen, timestamps[same], halves), sound)

    def _store_coded(self, rows: Rows, sizes: Rows, timestamps: Rows) -> None:
        """Keep packets of codecs with a state until their turn has come."""
        for row, size, timestamp in zip(rows.tolist(), sizes.tolist(), timestamps.tolist(), strict=True):
            self._contained(self._keep_coded, row, size, timestamp)

    def _keep_coded(self, row: int, size: int, timestamp: int) -> int:
        leg = self._legs[row]
        if leg is None or leg.codec is None:
            return 0
        payload = bytes(self._packets[row, HEADER_BYTES : HEADER_BYTES + size])
        halves = leg.codec.length_ms(payload) // HALF_MS
        at = int(self.buffers.place(np.array([row]), np.array([timestamp]), halves)[0])
        if at + halves > self.buffers.next_half(row):
            leg.payloads.setdefault(at, payload)
        return size

    def _contained(self, take: Callable[..., int], row: int, *of_packet: int) -> int:
        """What `take` makes of a packet; 0 where it raised, which is its leg's trouble alone."""
        try:
            return take(row, *of_packet)
        except Exception as error:
            self._broke(row, error)
            return 0

    def _decode(self, leg: Leg) -> None:
        assert leg.codec is not None
        upcoming = self.buffers.next_half(leg.row)
        due = sorted(at for at in leg.payloads if at <= upcoming + 1)
        leg.passing = b"" if leg.passes and leg.missing < FADED_AFTER else None
        for at in due:
            payload = leg.payloads.pop(at)
            self._put_one(leg.row, at, leg.codec.decode(payload))
            leg.missing = 0
            leg.passes = leg.codec.length_ms(payload) == USUAL_MS
            leg.passing = payload if leg.passes else None
        if leg.missing < FADED_AFTER and self.buffers.lacks(leg.row):
            # A codec with a state knows best how its sound would have gone on.
            leg.missing += 1
            self._put_one(leg.row, upcoming, leg.codec.lost())

    def _put_one(self, row: int, at: int, sound: Samples) -> None:
        fitting = sound[: len(sound) // HALF * HALF]
        self.buffers.put(np.array([row]), np.array([at]), fitting[None, :])

    def _take_event(self, row: int, size: int) -> int:
        leg = self._legs[row]
        assert leg is not None
        try:
            key = leg.keys.receive(parse_rtp(bytes(self._packets[row, :size])))
        except InvalidPacketError:
            leg.refused += 1
            return 0
        self._key(leg, key)
        return size

    def _look_at(self, row: int, size: int, tick: int) -> int:
        """One packet that is not just as agreed: its size where it is to be heard after all, else 0."""
        leg = self._legs[row]
        assert leg is not None
        data = bytes(self._packets[row, :size])
        if is_rtcp(data):
            leg.take_report(data)
            return 0
        try:
            packet = parse_rtp(data)
        except InvalidPacketError:
            leg.refused += 1
            return 0
        if packet.payload_type not in (self._type[row], self._event_type[row]) or not packet.payload:
            # Comfort noise is silence: nothing that is heard, and no offence.
            leg.refused += packet.payload_type != COMFORT_NOISE
            return 0
        if not self._admitted(leg, packet, tick):
            leg.refused += 1
            return 0
        plain = bytes(packet)
        self._packets[row, : len(plain)] = np.frombuffer(plain, np.uint8)
        return len(plain)

    def _admitted(self, leg: Leg, packet: RtpPacket, tick: int) -> bool:
        """Whether the packet is the leg's peer's: an address settles as the latch says, another SSRC needs two."""
        if leg.latch is None:
            return False
        row, before = leg.row, leg.latch.settled
        if not leg.latch.admits(leg.source, packet.ssrc, packet.sequence, tick):
            return False
        if leg.latch.settled != before:
            leg.settle()
            self.refresh(leg)
            leg.changed()
        if before is not None and leg.latch.settled != before:
            self._begin_anew(leg)
            self._ssrc[row] = -1
        if packet.ssrc == self._ssrc[row]:
            return True
        if self._ssrc[row] >= 0 and leg.newcomer != (packet.ssrc, packet.sequence):
            leg.newcomer = (packet.ssrc, packet.sequence + 1 & 0xFFFF)
            return False
        if self._ssrc[row] >= 0:
            self._begin_anew(leg)
        leg.newcomer = None
        self._ssrc[row] = packet.ssrc
        if not leg.connected:
            leg.connected = True
            self._settled(leg)
        return True

    def _begin_anew(self, leg: Leg) -> None:
        self.buffers.restart(leg.row)
        self.receptions.restart(leg.row)
        leg.payloads.clear()
        leg.missing = FADED_AFTER

    def _refuse(self, rows: Rows) -> None:
        for row in rows.tolist():
            leg = self._legs[row]
            if leg is not None:
                leg.refused += 1

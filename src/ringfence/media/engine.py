"""The sound of all legs of one worker, on one clock: every 20 ms it sends, reads, and computes all of them at once.

It runs in one thread and never waits. Whatever is asked of it holds from the next tick on; whatever happens is told by
`emit`. It knows no calls and decides nothing.
"""

import heapq
import secrets
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import structlog
from numpy.typing import NDArray

from ringfence.domain.packet_time import PACKET_TIMES_MS, USUAL_MS
from ringfence.media.arrivals import Arrivals
from ringfence.media.clips import Clips
from ringfence.media.containment import in_halves, place_of
from ringfence.media.departures import Departures
from ringfence.media.discretion import Discretion
from ringfence.media.jitter_buffers import FRAME
from ringfence.media.leg import Leg
from ringfence.media.leg_reports import INTERVAL_TICKS, LegReports
from ringfence.media.listening import Listening
from ringfence.media.playing import Playing, piece_sound
from ringfence.media.port_pairs import NoPortError, PortPairs
from ringfence.media.pressing import EventPacket
from ringfence.media.recordings import Recordings
from ringfence.media.rekeyed_srtp import RekeyedSrtp
from ringfence.media.seams import Codecs, Recorder, SrtpFactory, WebrtcFactory
from ringfence.media.tone_keys import ToneKeys
from ringfence.ports.media import (
    KeyPressed,
    Keys,
    LegConnected,
    LegFailed,
    LegStats,
    LocalEnd,
    MediaEvent,
    MediaFullError,
    Piece,
    RecordingPlan,
    RemoteEnd,
    SoundEnded,
    Transport,
)

Samples = NDArray[np.int16]

TICK_MS = 20
MAX_LEGS = 2_048
# A leg that hears nothing for a minute has no media any more.
SILENT_TICKS = 60_000 // TICK_MS
_HOUSEKEEPING_TICKS = 50
# How long after a packet of a key the sound beside it is not recorded.
_HUSHED_TICKS = 3
_CLOCK_RATES_HZ = {"OPUS": 48_000}


class Engine:
    """Legs by name. Every operation on a leg that is not there does nothing, as it may have ended just before."""

    def __init__(
        self,
        ports: PortPairs,
        emit: Callable[[MediaEvent], None],
        *,
        recordings_dir: Path | None = None,
        recorder: Callable[[Callable[[str, int, str], None]], Recorder] | None = None,
        codecs: Codecs | None = None,
        srtp: SrtpFactory | None = None,
        webrtc: WebrtcFactory | None = None,
        max_legs: int = MAX_LEGS,
        leg_type: type[Leg] = Leg,
    ) -> None:
        self._ports = ports
        self._leg_type = leg_type
        self._emit = emit
        self._codecs = dict(codecs or {})
        self._srtp = srtp
        self._webrtc = webrtc
        self._legs: dict[str, Leg] = {}
        self._free = list(range(max_legs))
        self._clips = Clips()
        self._arrivals = Arrivals(max_legs, key=self._key_heard, settled=self._settled, broke=self._broke)
        self._departures = Departures(max_legs, broke=self._broke)
        self._reports = LegReports(self._arrivals, self._departures)
        self._listening = Listening(max_legs, self._arrivals.buffers, broke=self._broke)
        self._tone_keys = ToneKeys(max_legs)
        self._outbound = np.zeros((max_legs, FRAME), np.int16)
        self._discretion = Discretion(max_legs)
        # Which row each row is bridged with, -1 for none.
        self._partners = np.full(max_legs, -1, np.int64)
        self._recordings = Recordings(recordings_dir, recorder, emit, self._discretion, self._tune)
        self._playing: set[Leg] = set()
        self._pressing: set[Leg] = set()
        self._bridges: tuple[NDArray[np.int64], NDArray[np.int64]] = (_NO_ROWS, _NO_ROWS)
        # Legs whose keys are told by their sound, by row; and all rows in which keys are listened for.
        self._tonal: dict[int, Leg] = {}
        self._listened = _NO_ROWS
        # Legs whose partner's packets can go out as they came.
        self._alike: list[tuple[Leg, Leg]] = []
        self._used = 0
        self._tick = 0
        # Legs of which something raised in this tick, by row.
        self._broken: dict[int, Leg] = {}
        self._log = structlog.get_logger("ringfence.media")

    def __len__(self) -> int:
        return len(self._legs)

    @property
    def unsent(self) -> int:
        """Packets that the kernel did not take so far."""
        return self._departures.unsent

    def open(self, name: str, transport: Transport) -> LocalEnd:
        """Begin a leg. MediaFullError; ValueError for a name that is taken, or a transport that is not built in."""
        if name in self._legs:
            raise ValueError("there is a leg of that name")
        if transport == "srtp" and self._srtp is None:
            raise ValueError("SRTP is not built in")
        if transport == "webrtc" and (self._webrtc is None or self._srtp is None):
            raise ValueError("WebRTC is not built in")
        if not self._free:
            raise MediaFullError("every place for a leg is taken")
        try:
            sockets = self._ports.open()
        except (NoPortError, OSError) as error:
            raise MediaFullError(f"no media port can be had: {type(error).__name__}") from None
        row = heapq.heappop(self._free)
        leg = self._leg_type(name, row, transport, sockets, self._arrivals.buffer(row), self._fail)
        leg.take_report = lambda data: self._reports.take(leg, data)
        leg.changed = lambda: self._departures.agree(leg, clock_rate_hz=leg.clock_rate_hz)
        self._legs[name] = leg
        self._used = max(self._used, row + 1)
        self._departures.admit(leg, secrets.randbits(15), secrets.randbits(31))
        self._listening.clear(row)
        self._tone_keys.clear(row)
        self._discretion.clear(row)
        ice = None
        if transport == "webrtc" and self._webrtc is not None:
            leg.control = self._webrtc(leg)
            ice = leg.control.local(self._ports.public)
            self._arrivals.admit(leg)
        return LocalEnd(
            address=self._ports.public or leg.address,
            port=leg.port,
            rtcp_port=leg.port if transport == "webrtc" else leg.port + 1,
            ssrc=leg.ssrc,
            srtp_key=leg.srtp_key,
            ice=ice,
        )

    def connect(self, name: str, remote: RemoteEnd) -> None:
        """Send and receive as agreed. ValueError for what cannot be: the leg stays as it was."""
        leg = self._legs.get(name)
        if leg is None or leg.broken:
            return
        encoding = remote.encoding.upper()
        if encoding not in ("PCMU", "PCMA") and encoding not in self._codecs:
            raise ValueError("that encoding is not built in")
        if remote.ptime_ms != USUAL_MS and (remote.ptime_ms not in PACKET_TIMES_MS or encoding == "OPUS"):
            raise ValueError("packets of that length are not made")
        srtp = leg.srtp
        if leg.transport == "srtp" and self._srtp is not None and self._changes_keys(leg, remote):
            srtp = self._srtp(remote.srtp_suite, leg.srtp_key, remote.srtp_key)
            if leg.srtp is not None and leg.remote is not None and leg.remote.srtp_suite == remote.srtp_suite:
                # Our own stream goes on under its key, and so does the count of its packets beyond 16 bits.
                srtp = RekeyedSrtp(leg.srtp, srtp)
        first = leg.remote is None
        anew = leg.agree(remote)
        leg.srtp = srtp
        leg.clock_rate_hz = _CLOCK_RATES_HZ.get(encoding, 8_000)
        if anew:
            made = self._codecs.get(encoding)
            leg.codec = made() if made is not None else None
        if leg.control is not None and remote.ice is not None:
            leg.control.connect(remote.ice, remote.own_ice)
        if first and leg.transport != "webrtc":
            self._arrivals.admit(leg)
        self._arrivals.agree(leg, anew=anew, clock_rate_hz=leg.clock_rate_hz, tick=self._tick)
        self._departures.agree(leg, clock_rate_hz=leg.clock_rate_hz)
        self._tune()

    def close(self, name: str) -> LegStats | None:
        """End a leg, with its sounds, its bridge and its recordings: how it fared, None where it is not there."""
        leg = self._legs.get(name)
        if leg is None:
            return None
        stats = self._reports.stats(leg)
        if not leg.broken:
            self._report(leg, ending=True)
        self._separate(leg)
        self._recordings.close(leg)
        self._playing.discard(leg)
        self._pressing.discard(leg)
        self._departures.forget(leg)
        self._arrivals.forget(leg)
        leg.close()
        del self._legs[name]
        heapq.heappush(self._free, leg.row)
        self._used = max((other.row + 1 for other in self._legs.values()), default=0)
        self._tune()
        return stats

    def stats(self, name: str) -> LegStats | None:
        leg = self._legs.get(name)
        return self._reports.stats(leg) if leg is not None else None

    def keep(self, name: str, sound: bytes) -> None:
        """Keep a sound. ValueError."""
        self._clips.keep(name, sound)

    def forget_sounds(self, now_s: float) -> None:
        """Forget those that nobody has played for a while."""
        self._clips.sweep(now_s)

    def play(self, name: str, token: int, pieces: Sequence[Piece], loop: int) -> None:
        """Play instead of what plays now. UnknownSoundError; ValueError for keys that are none."""
        leg = self._legs.get(name)
        sounds = [piece_sound(piece, self._clips) for piece in pieces]
        if leg is not None:
            keys = {at for at, piece in enumerate(pieces) if isinstance(piece, Keys)}
            leg.playing = Playing(token, sounds, loop, keys=keys)
            self._playing.add(leg)

    def stop_playing(self, name: str) -> None:
        leg = self._legs.get(name)
        if leg is not None:
            leg.playing = None
            self._playing.discard(leg)

    def press(self, name: str, digits: str) -> None:
        """Send keys. ValueError for what is no key."""
        leg = self._legs.get(name)
        if leg is not None:
            leg.pressing.press(digits)
            self._pressing.add(leg)

    def bridge(self, name: str, other: str) -> None:
        """Let two legs hear each other, and no others."""
        one, two = self._legs.get(name), self._legs.get(other)
        if one is None or two is None or one is two:
            return
        for leg in (one, two):
            self._separate(leg)
        one.bridged, two.bridged = two, one
        self._tune()

    def unbridge(self, name: str) -> None:
        leg = self._legs.get(name)
        if leg is not None:
            self._separate(leg)
            self._tune()

    def record(self, name: str, plan: RecordingPlan) -> None:
        """Begin a recording; it ends once, whatever comes: as failed where it cannot begin."""
        self._recordings.begin(self._legs.get(name), name, plan)

    def pause_recording(self, name: str, sid: str, *, silence: bool) -> None:
        self._recordings.pause(self._legs.get(name), sid, silence=silence)

    def resume_recording(self, name: str, sid: str) -> None:
        self._recordings.resume(self._legs.get(name), sid)

    def stop_recording(self, name: str, sid: str) -> None:
        self._recordings.stop(self._legs.get(name), sid)

    def close_all(self) -> None:
        """End every leg."""
        for name in list(self._legs):
            self.close(name)

    def skip(self, ticks: int) -> None:
        """So many ticks are left out, because the process was stopped: of what piled up meanwhile only keys count."""
        self._departures.skip(ticks)
        self._arrivals.skip(self._tick, _now_ms())

    def tick(self) -> None:
        """20 ms of every leg."""
        self._departures.send()
        self._tick += 1
        self._arrivals.read(self._tick, _now_ms())
        used = self._used
        inbound = self._listening.hear(used, self._arrivals.hears)
        outbound = self._outbound[:used]
        outbound[:] = 0
        self._join(inbound, outbound)
        for leg in list(self._playing):
            try:
                self._play(leg, outbound[leg.row])
            except Exception as error:
                self._broke(leg.row, error)
        events = self._press(outbound) if self._pressing else {}
        if len(self._listened):
            self._hear_tones(inbound)
        self._discretion.keep(self._tick, inbound, outbound)
        self._recordings.tick()
        self._departures.make(outbound, events, self._passed() if self._alike else {})
        self._keep_house()
        if self._broken:
            self._set_apart()

    def _join(self, inbound: Samples, outbound: Samples) -> None:
        """Let bridged legs hear each other."""
        hearing, heard = self._bridges

        def join(first: int, end: int) -> None:
            outbound[hearing[first:end]] = inbound[heard[first:end]]

        in_halves(0, len(hearing), join, lambda place, error: self._broke(int(hearing[place]), error))

    def _play(self, leg: Leg, frame: Samples) -> None:
        playing = leg.playing
        if playing is not None and playing.write(frame):
            if playing.keyed:
                self._discretion.hush_outbound(np.array([leg.row]), self._tick)
            return
        self._playing.discard(leg)
        leg.playing = None
        if playing is not None:
            self._emit(SoundEnded(leg.name, playing.token))

    def _press(self, outbound: Samples) -> dict[Leg, EventPacket]:
        events = {}
        for leg in list(self._pressing):
            remote = leg.remote
            if remote is None or not remote.send:
                continue
            as_events = remote.event_payload_type is not None
            try:
                made = leg.pressing.next(as_events=as_events, clock_rate_hz=leg.clock_rate_hz)
            except Exception as error:
                self._broke(leg.row, error)
                continue
            if isinstance(made, EventPacket):
                events[leg] = made
            elif made is not None:
                outbound[leg.row] = made
                self._discretion.hush_outbound(np.array([leg.row]), self._tick)
            elif leg.pressing.idle:
                self._pressing.discard(leg)
        return events

    def _passed(self) -> dict[Leg, bytes]:
        """What of bridged peers goes out untouched: nothing is made anew that another codec of its kind has made."""
        return {
            leg: partner.passing
            for leg, partner in self._alike
            if partner.passing is not None and leg.playing is None and leg not in self._pressing
        }

    def _hear_tones(self, inbound: Samples) -> None:
        listened, found = self._listened, list[tuple[int, str]]()

        def hear(first: int, end: int) -> None:
            rows = listened[first:end]
            found.extend(self._tone_keys.hear(rows, inbound[rows]))
            held = rows[self._tone_keys.holding(rows)]
            if len(held):
                self._hush(held, self._tick)

        in_halves(0, len(listened), hear, lambda place, error: self._broke(int(listened[place]), error))
        for row, key in found:
            # A peer that sends keys as events may send their tones too: they are no other keys.
            if row in self._tonal:
                self._emit(KeyPressed(self._tonal[row].name, key))

    def _hush(self, rows: NDArray[np.int64], until: int) -> None:
        """These rows' peers press keys: that is recorded neither of them nor of whom they are bridged with."""
        self._discretion.hush_inbound(rows, until)
        partners = self._partners[rows]
        self._discretion.hush_outbound(partners[partners >= 0], until)

    def _key_heard(self, leg: Leg, key: str | None) -> None:
        # A packet of a key is here before the sound around it, which waits in its buffer.
        waiting = self._arrivals.buffers.delay_ms(leg.row) // TICK_MS
        self._hush(np.array([leg.row]), self._tick + waiting + _HUSHED_TICKS)
        if key is None:
            return
        self._emit(KeyPressed(leg.name, key))
        if leg.bridged is not None and leg.bridged.pressing.room:
            # As an event it is not in the sound that the other leg hears. A flood of keys is not passed on whole.
            self.press(leg.bridged.name, key)

    def _settled(self, leg: Leg) -> None:
        self._emit(LegConnected(leg.name))

    def _fail(self, leg: Leg, cause: str) -> None:
        if not leg.failed:
            leg.failed = True
            self._emit(LegFailed(leg.name, cause))

    def _broke(self, row: int, error: Exception) -> None:
        """Something of one leg raised that nobody foresaw: that leg fails, and all others play on."""
        leg = next((leg for leg in self._legs.values() if leg.row == row), None)
        if leg is None or leg.broken or row in self._broken:
            return
        self._broken[row] = leg
        self._log.error("media.leg_broke", leg=leg.name, kind=type(error).__name__, place=place_of(error))

    def _report(self, leg: Leg, *, ending: bool = False) -> None:
        try:
            self._reports.tell(leg, ending=ending)
        except Exception as error:
            self._broke(leg.row, error)

    def _set_apart(self) -> None:
        """Do nothing more for what broke until its call has ended, between two ticks."""
        for leg in self._broken.values():
            if self._legs.get(leg.name) is not leg:
                continue
            leg.broken = True
            self._separate(leg)
            self._playing.discard(leg)
            self._pressing.discard(leg)
            self._departures.forget(leg)
            self._arrivals.forget(leg)
            self._listening.clear(leg.row)
            self._fail(leg, "its media worker could not go on with it")
        self._broken.clear()
        self._tune()

    def _keep_house(self) -> None:
        phase = self._tick % INTERVAL_TICKS
        if not self._tick % _HOUSEKEEPING_TICKS:
            self._arrivals.settle_doors(self._tick)
        for leg in list(self._legs.values()):
            if leg.row % INTERVAL_TICKS == phase and not leg.broken:
                self._report(leg)
                silent = self._tick - int(self._arrivals.heard_tick[leg.row]) > SILENT_TICKS
                if silent and leg.remote is not None and self._arrivals.hears[leg.row]:
                    self._fail(leg, "nothing came for a minute")

    @staticmethod
    def _changes_keys(leg: Leg, remote: RemoteEnd) -> bool:
        before = leg.remote
        return before is None or (before.srtp_suite, before.srtp_key) != (remote.srtp_suite, remote.srtp_key)

    @staticmethod
    def _separate(leg: Leg) -> None:
        if leg.bridged is not None:
            leg.bridged.bridged = None
            leg.bridged = None

    def _tune(self) -> None:
        """Write down which rows hear which, and in which to listen for tones, after either has changed."""
        bridged = [(leg.row, leg.bridged.row) for leg in self._legs.values() if leg.bridged is not None]
        self._bridges = _rows([hearing for hearing, _ in bridged]), _rows([heard for _, heard in bridged])
        self._alike = [(leg, leg.bridged) for leg in self._legs.values() if leg.bridged and _alike(leg, leg.bridged)]
        self._partners[:] = -1
        self._partners[self._bridges[0]] = self._bridges[1]
        self._tonal = {
            leg.row: leg
            for leg in self._legs.values()
            if leg.remote is not None and leg.remote.receive and leg.remote.event_payload_type is None
        }
        recorded = self._recordings.rows
        heard = {*self._tonal, *recorded.tolist(), *self._partners[recorded].tolist()} - {-1}
        heard -= {leg.row for leg in self._legs.values() if leg.broken}
        self._listened = _rows(sorted(heard))


_NO_ROWS = np.zeros(0, np.int64)


def _now_ms() -> float:
    return time.monotonic() * 1_000


def _alike(leg: Leg, partner: Leg) -> bool:
    """Whether packets of the partner are just what the leg's peer wants."""
    if leg.codec is None or leg.remote is None or partner.remote is None or leg.remote.ptime_ms != USUAL_MS:
        return False
    return leg.remote.encoding.upper() == partner.remote.encoding.upper()


def _rows(rows: list[int]) -> NDArray[np.int64]:
    return np.array(rows, np.int64)

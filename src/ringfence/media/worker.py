"""A media worker at its socket: every verb of `ports.media.Media` on one engine, for one user at a time.

Who uses a worker begins a session, and asks for events all the time. A session that does not ask any more has died,
and with a new session the one before is over: either way its legs are closed, so that no leg outlives its call.
"""

import asyncio
import secrets
import time
from collections.abc import Callable
from pathlib import Path

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram

from ringfence.domain.media_ends import LocalEnd, RemoteEnd, Transport
from ringfence.ipc.server import Server, serve
from ringfence.ipc.verbs import Handler
from ringfence.media import media_verbs as verbs
from ringfence.media.engine import TICK_MS, Engine
from ringfence.media.event_feed import EventFeed
from ringfence.media.media_verbs import MAX_WAIT_MS, Begun, Happened
from ringfence.media.metronome import Metronome
from ringfence.ports.media import LegStats, MediaEvent, Piece, RecordingPlan

# A session whose user has not asked for so long is over.
PATIENCE_S = 20.0
MAX_SOUND_BYTES = 64 << 20
MAX_ARRIVING_BYTES = 192 << 20
_BUCKETS = (0.001, 0.002, 0.004, 0.006, 0.008, 0.01, 0.012, 0.016, 0.02, 0.04)


class Worker:
    """One engine and its session. `engine` makes the engine, given where its events go."""

    def __init__(
        self, engine: Callable[[Callable[[MediaEvent], None]], Engine], *, registry: CollectorRegistry | None = None
    ) -> None:
        self._feed = EventFeed()
        self._engine = engine(self._happened)
        self._boot = secrets.token_hex(8)
        self._session = ""
        self._asked_s = time.monotonic()
        self._arriving: dict[str, bytearray] = {}
        figures = registry if registry is not None else REGISTRY
        self._legs = Gauge("ringfence_media_legs", "Legs", registry=figures, multiprocess_mode="livesum")
        self._ticks = Histogram("ringfence_media_tick_seconds", "Time of a tick", buckets=_BUCKETS, registry=figures)
        self._overruns = Counter("ringfence_media_overruns", "Ticks a period late", registry=figures)
        self._skipped = Counter("ringfence_media_skipped_ticks", "Ticks left out", registry=figures)
        self._unsent = Counter("ringfence_media_unsent_packets", "Packets the kernel did not take", registry=figures)
        self._metronome = Metronome(self._beat, overrun=self._overruns.inc, skipped=self._skip)
        self._busy = asyncio.Event()

    async def serve(self, path: Path) -> Server:
        """Answer at a socket, to processes of this user."""
        return await serve(path, self._verbs(), max_in_flight=4_096)

    async def run(self) -> None:
        """Beat while there are legs, until cancelled; every leg is closed at the end."""
        watching = asyncio.create_task(self._watch(), name="session watch")
        try:
            while True:
                await self._busy.wait()
                await self._metronome.run()
        finally:
            watching.cancel()
            self._engine.close_all()

    def _beat(self) -> None:
        begun_s = time.perf_counter()
        self._engine.tick()
        if not len(self._engine):
            # A worker without legs does not even wake up.
            self._busy.clear()
            self._metronome.stop()
        self._ticks.observe(time.perf_counter() - begun_s)

    def _skip(self, ticks: int) -> None:
        self._skipped.inc(ticks)
        self._engine.skip(ticks)

    async def _watch(self) -> None:
        unsent = 0
        while True:
            await asyncio.sleep(1)
            self._legs.set(len(self._engine))
            self._unsent.inc(self._engine.unsent - unsent)
            unsent = self._engine.unsent
            self._engine.forget_sounds(time.monotonic())
            if self._session and time.monotonic() - self._asked_s > PATIENCE_S:
                self._end_session()

    def _happened(self, event: MediaEvent) -> None:
        self._feed.tell(event)

    def _end_session(self) -> None:
        """Close its legs. What then happens, such as the ends of recordings, is for the next one to read."""
        self._session = ""
        self._arriving.clear()
        self._engine.close_all()

    def _check(self, session: str) -> None:
        if session != self._session:
            raise ConnectionError("that session is over")

    def _verbs(self) -> dict[str, Handler]:
        return {
            verbs.BEGIN: self._begin,
            verbs.EVENTS: self._events,
            verbs.OPEN: self._open,
            verbs.CONNECT: self._connect,
            verbs.CLOSE: self._close,
            verbs.KEEP: self._keep,
            verbs.PLAY: self._play,
            verbs.STOP_PLAYING: self._stop_playing,
            verbs.PRESS: self._press,
            verbs.BRIDGE: self._bridge,
            verbs.UNBRIDGE: self._unbridge,
            verbs.RECORD: self._record,
            verbs.PAUSE_RECORDING: self._pause_recording,
            verbs.RESUME_RECORDING: self._resume_recording,
            verbs.STOP_RECORDING: self._stop_recording,
            verbs.STATS: self._stats,
        }

    async def _begin(self) -> Begun:
        """A new session; the one before is over, and what it did not read, such as its recordings' ends, is told."""
        self._end_session()
        self._session = secrets.token_hex(8)
        self._asked_s = time.monotonic()
        self._feed.lost = False
        return Begun(self._boot, self._session)

    async def _events(self, session: str, last: int, wait_ms: int) -> Happened:
        """ConnectionError when the session is over, or has missed events: begin another."""
        self._check(session)
        self._asked_s = time.monotonic()
        happened = await self._feed.after(last, min(max(wait_ms, 0), MAX_WAIT_MS))
        self._check(session)
        self._asked_s = time.monotonic()
        if self._feed.lost:
            raise ConnectionError("events were lost")
        return happened

    async def _open(self, session: str, leg: str, transport: Transport) -> LocalEnd:
        self._check(session)
        end = self._engine.open(leg, transport)
        self._busy.set()
        return end

    async def _connect(self, session: str, leg: str, remote: RemoteEnd) -> None:
        self._check(session)
        self._engine.connect(leg, remote)

    async def _close(self, session: str, leg: str) -> LegStats | None:
        self._check(session)
        return self._engine.close(leg)

    async def _keep(self, session: str, name: str, part: bytes, more: bool) -> None:
        """A part of a sound, in order; the last one keeps it."""
        self._check(session)
        whole = self._arriving.setdefault(name, bytearray())
        arriving = sum(map(len, self._arriving.values())) + len(part)
        if len(whole) + len(part) > MAX_SOUND_BYTES or arriving > MAX_ARRIVING_BYTES:
            del self._arriving[name]
            raise ValueError("a sound longer than is kept, or too many at once")
        whole += part
        if not more:
            del self._arriving[name]
            self._engine.keep(name, bytes(whole))

    async def _play(self, session: str, leg: str, token: int, pieces: list[Piece], loop: int) -> None:
        self._check(session)
        self._engine.play(leg, token, pieces, loop)

    async def _stop_playing(self, session: str, leg: str) -> None:
        self._check(session)
        self._engine.stop_playing(leg)

    async def _press(self, session: str, leg: str, digits: str) -> None:
        self._check(session)
        self._engine.press(leg, digits)

    async def _bridge(self, session: str, leg: str, other: str) -> None:
        self._check(session)
        self._engine.bridge(leg, other)

    async def _unbridge(self, session: str, leg: str) -> None:
        self._check(session)
        self._engine.unbridge(leg)

    async def _record(self, session: str, leg: str, plan: RecordingPlan) -> None:
        self._check(session)
        self._engine.record(leg, plan)

    async def _pause_recording(self, session: str, leg: str, sid: str, silence: bool) -> None:
        self._check(session)
        self._engine.pause_recording(leg, sid, silence=silence)

    async def _resume_recording(self, session: str, leg: str, sid: str) -> None:
        self._check(session)
        self._engine.resume_recording(leg, sid)

    async def _stop_recording(self, session: str, leg: str, sid: str) -> None:
        self._check(session)
        self._engine.stop_recording(leg, sid)

    async def _stats(self, session: str, leg: str) -> LegStats | None:
        self._check(session)
        return self._engine.stats(leg)


assert PATIENCE_S * 1_000 > 2 * MAX_WAIT_MS > TICK_MS

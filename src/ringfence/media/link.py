"""One media worker, from the side of who uses it: a `ports.media.Media` over its socket.

When the worker dies, or loses sight of us, every leg it had is told as failed, once, and a new session begins as soon
as it is back. `run` must be running for anything of this to work.
"""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import structlog

from ringfence.domain.media_ends import LocalEnd, RemoteEnd, Transport
from ringfence.ipc.client import Client
from ringfence.ipc.faults import RemoteError
from ringfence.media import media_verbs as verbs
from ringfence.media.media_verbs import MAX_WAIT_MS, PART_BYTES, Begun, Happened
from ringfence.ports.media import (
    LegFailed,
    LegStats,
    MediaEvent,
    MediaListener,
    Piece,
    RecordingEnded,
    RecordingPlan,
)

RETRY_S = 0.1
# Longer than an answer ever takes, a worker's pause included.
TIMEOUT_S = 10.0
# How long the ends of recordings are waited for when their worker is away.
RECORDINGS_WAIT_S = 5.0

_log = structlog.get_logger(__name__)


class MediaLink:
    """A worker at `path`. Calls raise ConnectionError while it is away."""

    def __init__(self, path: Path, listener: MediaListener) -> None:
        self._client = Client(path, timeout_s=TIMEOUT_S)
        self._listener = listener
        self._session = ""
        self._legs: set[str] = set()
        # Recordings that have not ended: by sid, the leg.
        self._recordings: dict[str, str] = {}
        self._begun = asyncio.Event()
        self._boot = ""
        self._lost_s: float | None = None

    @property
    def up(self) -> bool:
        """Whether the worker takes legs now."""
        return bool(self._session)

    @property
    def legs(self) -> int:
        """How many legs it has."""
        return len(self._legs)

    def has(self, leg: str) -> bool:
        return leg in self._legs

    async def ready(self, within_s: float) -> None:
        """Return once a session has begun; ConnectionError when that takes longer."""
        try:
            async with asyncio.timeout(within_s):
                await self._begun.wait()
        except TimeoutError:
            raise ConnectionError("no media worker answers") from None

    async def run(self) -> None:
        """Keep a session and pass its events on, until cancelled."""
        try:
            await self._keep_up()
        finally:
            await self._client.close()

    async def _keep_up(self) -> None:
        while True:
            try:
                await self._session_through()
            except (ConnectionError, RemoteError) as error:
                if self._session:
                    _log.warning("media.worker_lost", cause=str(error), count=len(self._legs))
                self._lost()
            await asyncio.sleep(RETRY_S)

    async def open(self, leg: str, transport: Transport, *, beside: str = "") -> LocalEnd:
        end: LocalEnd = await self._call(verbs.OPEN, leg, transport, returns=LocalEnd)
        self._legs.add(leg)
        return end

    async def connect(self, leg: str, remote: RemoteEnd) -> None:
        await self._call(verbs.CONNECT, leg, remote)

    async def close(self, leg: str) -> LegStats | None:
        self._legs.discard(leg)
        stats: LegStats | None = await self._call(verbs.CLOSE, leg, returns=LegStats | None)
        return stats

    async def keep(self, name: str, sound: bytes) -> None:
        parts = [sound[start : start + PART_BYTES] for start in range(0, max(len(sound), 1), PART_BYTES)]
        for number, part in enumerate(parts, 1):
            await self._call(verbs.KEEP, name, part, number < len(parts))

    async def play(self, leg: str, token: int, pieces: Sequence[Piece], *, loop: int = 1) -> None:
        await self._call(verbs.PLAY, leg, token, list(pieces), loop)

    async def stop_playing(self, leg: str) -> None:
        await self._call(verbs.STOP_PLAYING, leg)

    async def press(self, leg: str, digits: str) -> None:
        await self._call(verbs.PRESS, leg, digits)

    async def bridge(self, leg: str, other: str) -> None:
        await self._call(verbs.BRIDGE, leg, other)

    async def unbridge(self, leg: str) -> None:
        await self._call(verbs.UNBRIDGE, leg)

    async def record(self, leg: str, plan: RecordingPlan) -> None:
        self._recordings[plan.sid] = leg
        try:
            await self._call(verbs.RECORD, leg, plan)
        except BaseException:
            self._recordings.pop(plan.sid, None)
            raise

    async def pause_recording(self, leg: str, sid: str, *, silence: bool) -> None:
        await self._call(verbs.PAUSE_RECORDING, leg, sid, silence)

    async def resume_recording(self, leg: str, sid: str) -> None:
        await self._call(verbs.RESUME_RECORDING, leg, sid)

    async def stop_recording(self, leg: str, sid: str) -> None:
        await self._call(verbs.STOP_RECORDING, leg, sid)

    async def stats(self, leg: str) -> LegStats | None:
        stats: LegStats | None = await self._call(verbs.STATS, leg, returns=LegStats | None)
        return stats

    async def _call(self, verb: str, *args: object, returns: Any = None) -> Any:
        session = self._session
        if not session:
            raise ConnectionError("the media worker is away")
        return await self._client.call(verb, session, *args, returns=returns)

    async def _session_through(self) -> None:
        """One session from its beginning to the ConnectionError that ends it."""
        begun = await self._client.call(verbs.BEGIN, returns=Begun)
        if begun.boot != self._boot:
            # Of what the process before recorded, nobody will tell any more.
            self._fail_recordings()
        self._boot, self._session = begun.boot, begun.session
        self._lost_s = None
        self._begun.set()
        last = begun.last
        while True:
            happened = await self._client.call(verbs.EVENTS, begun.session, last, MAX_WAIT_MS, returns=Happened)
            last = happened.last
            for event in happened.events:
                self._tell(event)

    def _tell(self, event: MediaEvent) -> None:
        if isinstance(event, RecordingEnded):
            self._recordings.pop(event.sid, None)
        self._listener.happened(event)

    def _lost(self) -> None:
        """The session is over: its legs have failed, and after a while its recordings too."""
        self._session = ""
        self._begun.clear()
        legs, self._legs = self._legs, set()
        for leg in legs:
            self._listener.happened(LegFailed(leg, "its media worker is gone"))
        now_s = time.monotonic()
        self._lost_s = now_s if self._lost_s is None else self._lost_s
        if now_s - self._lost_s > RECORDINGS_WAIT_S:
            self._fail_recordings()

    def _fail_recordings(self) -> None:
        recordings, self._recordings = self._recordings, {}
        for sid, leg in recordings.items():
            self._listener.happened(RecordingEnded(leg=leg, sid=sid, duration_ms=0, cause="failed"))

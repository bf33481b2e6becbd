"""Media of a test: none is sent. What a leg hears is told; each sound ends after its length on the still clock."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from ringfence.domain.media_ends import LocalEnd, RemoteEnd, Transport
from ringfence.ports.media import (
    Clip,
    Keys,
    LegStats,
    MediaEvent,
    Piece,
    RecordingEnded,
    RecordingPlan,
    Silence,
    SoundEnded,
    UnknownSoundError,
)
from ringfence.testing.still_speech import StillSound

TONE_MS = 1_000
KEY_MS = 200
FIRST_PORT = 10_000
PORTS = 50_000


class StillMedia:
    """Implements `ports.media.Media`. `heard(leg, text)` is called when a sound begins.

    Each leg has a port of its own, by which descriptions name it: `leg_at`. Legs that are joined hear no more for it.
    """

    def __init__(self, heard: Callable[[str, str], None]) -> None:
        self._heard = heard
        self.tell: Callable[[MediaEvent], None] = lambda event: None
        self._opened = 0
        self._legs: dict[int, str] = {}
        self._sounds: dict[str, StillSound] = {}
        self._playing: dict[str, list[asyncio.TimerHandle]] = {}
        self._recording: dict[str, tuple[str, float]] = {}

    async def open(self, leg: str, transport: Transport, *, beside: str = "") -> LocalEnd:
        port = FIRST_PORT + self._opened % PORTS
        self._opened += 1
        self._legs[port] = leg
        return LocalEnd(address="127.0.0.1", port=port, rtcp_port=port, ssrc=port)

    def leg_at(self, port: int) -> str:
        """Which leg a description with this port is of; "" where there is none."""
        return self._legs.get(port, "")

    async def connect(self, leg: str, remote: RemoteEnd) -> None: ...

    async def close(self, leg: str) -> LegStats | None:
        self._quiet(leg)
        for sid, (of, _) in list(self._recording.items()):
            if of == leg:
                self._end(sid, "closed")
        return None

    async def keep(self, name: str, sound: bytes) -> None:
        self._sounds[name] = msgspec.msgpack.decode(sound, type=StillSound)

    async def play(self, leg: str, token: int, pieces: Sequence[Piece], *, loop: int = 1) -> None:
        if any(isinstance(piece, Clip) and piece.name not in self._sounds for piece in pieces):
            raise UnknownSoundError
        self._quiet(leg)
        timers = self._playing[leg] = []
        running = asyncio.get_running_loop()
        at_s = 0.0
        for piece in pieces:
            heard, length_ms = self._sound(piece)
            if heard and at_s:
                timers.append(running.call_later(at_s, self._heard, leg, heard))
            elif heard:
                self._heard(leg, heard)
            at_s += length_ms / 1_000
        if loop:
            timers.append(running.call_later(at_s * loop, self.tell, SoundEnded(leg, token)))

    async def stop_playing(self, leg: str) -> None:
        self._quiet(leg)

    async def press(self, leg: str, digits: str) -> None:
        self._heard(leg, f"keys {digits}")

    async def bridge(self, leg: str, other: str) -> None: ...

    async def unbridge(self, leg: str) -> None: ...

    async def record(self, leg: str, plan: RecordingPlan) -> None:
        running = asyncio.get_running_loop()
        self._recording[plan.sid] = leg, running.time()
        running.call_later(plan.max_length_s, self._end, plan.sid, "length")
        if plan.silence_timeout_s is not None:
            # Nobody speaks on these phones.
            running.call_later(plan.silence_timeout_s, self._end, plan.sid, "silence")

    async def pause_recording(self, leg: str, sid: str, *, silence: bool) -> None: ...

    async def resume_recording(self, leg: str, sid: str) -> None: ...

    async def stop_recording(self, leg: str, sid: str) -> None:
        self._end(sid, "stopped")

    async def stats(self, leg: str) -> LegStats | None:
        return None

    def _sound(self, piece: Piece) -> tuple[str, int]:
        if isinstance(piece, Clip):
            sound = self._sounds[piece.name]
            return sound.heard, sound.length_ms
        if isinstance(piece, Keys):
            return f"keys {piece.digits}", KEY_MS * len(piece.digits)
        return "", piece.length_ms if isinstance(piece, Silence) else TONE_MS

    def _quiet(self, leg: str) -> None:
        for timer in self._playing.pop(leg, []):
            timer.cancel()

    def _end(self, sid: str, cause: Literal["stopped", "length", "silence", "closed"]) -> None:
        if sid not in self._recording:
            return
        leg, began_s = self._recording.pop(sid)
        running = asyncio.get_running_loop()
        lasted_ms = round((running.time() - began_s) * 1_000)
        ended = RecordingEnded(leg=leg, sid=sid, duration_ms=lasted_ms, cause=cause)
        running.call_soon(self.tell, ended)

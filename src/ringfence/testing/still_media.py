"""Media of a test: none is sent. What legs hear and say is told; a sound ends after its length on the still clock."""

import asyncio
from collections.abc import Callable, Sequence

import msgspec

from ringfence.domain.media_ends import LocalEnd, RemoteEnd, Transport
from ringfence.ports.media import (
    Clip,
    Keys,
    LegStats,
    MediaEvent,
    Piece,
    RecordingPlan,
    Silence,
    SoundEnded,
    UnknownSoundError,
)
from ringfence.testing.still_recordings import Cause, StillRecording, ended
from ringfence.testing.still_speech import MS_PER_CHARACTER, StillSound

TONE_MS = 1_000
KEY_MS = 200
FIRST_PORT = 10_000
PORTS = 50_000


class StillMedia:
    """Implements `ports.media.Media`. `heard(leg, text)` is called when a sound begins, `recorded` when one was made.

    Each leg has a port of its own, by which descriptions name it: `leg_at`. Who speaks on a leg is heard by the leg
    that is joined with it.
    """

    def __init__(self, heard: Callable[[str, str], None], recorded: Callable[[str, str, str, int], None]) -> None:
        """`recorded` is told leg, SID, words and length in milliseconds."""
        self._heard = heard
        self._recorded = recorded
        self.tell: Callable[[MediaEvent], None] = lambda event: None
        self._opened = 0
        self._legs: dict[int, str] = {}
        self._sounds: dict[str, StillSound] = {}
        self._playing: dict[str, list[asyncio.TimerHandle]] = {}
        self._speaking: dict[str, list[asyncio.TimerHandle]] = {}
        # When each leg's sounds are over, in seconds of the loop: what it hears, what its owner says.
        self._heard_until: dict[str, float] = {}
        self._spoken_until: dict[str, float] = {}
        self._joined: dict[str, str] = {}
        self._recording: dict[str, StillRecording] = {}
        self._lengths_ms: dict[str, int] = {}

    async def open(self, leg: str, transport: Transport, *, beside: str = "") -> LocalEnd:
        port = FIRST_PORT + self._opened % PORTS
        self._opened += 1
        self._legs[port] = leg
        return LocalEnd(address="127.0.0.1", port=port, rtcp_port=port, ssrc=port)

    def leg_at(self, port: int) -> str:
        """Which leg a description with this port is of; "" where there is none."""
        return self._legs.get(port, "")

    def length_ms(self, recording_sid: str) -> int | None:
        """How long a recording is; None where none of this SID has ended."""
        return self._lengths_ms.get(recording_sid)

    def say(self, leg: str, words: str) -> None:
        """Let the leg's owner speak, after what they are saying already."""
        running = asyncio.get_running_loop()
        begins_s = max(running.time(), self._spoken_until.get(leg, 0.0))
        lasts_s = len(words) * MS_PER_CHARACTER / 1_000
        self._spoken_until[leg] = begins_s + lasts_s
        if begins_s <= running.time():
            self._speak(leg, words, lasts_s)
        else:
            timer = running.call_later(begins_s - running.time(), self._speak, leg, words, lasts_s)
            self._speaking.setdefault(leg, []).append(timer)

    def sounds_for_s(self, leg: str) -> float:
        """How long it takes until what the leg hears and says is over; what plays until it is stopped counts once."""
        other = self._joined.get(leg, "")
        until_s = max(self._heard_until.get(leg, 0.0), *(self._spoken_until.get(each, 0.0) for each in (leg, other)))
        return max(0.0, until_s - asyncio.get_running_loop().time())

    async def connect(self, leg: str, remote: RemoteEnd) -> None: ...

    async def close(self, leg: str) -> LegStats | None:
        self._quiet(leg)
        for timer in self._speaking.pop(leg, []):
            timer.cancel()
        self._spoken_until.pop(leg, None)
        await self.unbridge(leg)
        for sid, recording in list(self._recording.items()):
            if recording.leg == leg:
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
            if not isinstance(piece, Silence):
                work = (leg, heard, length_ms / 1_000)
                if at_s:
                    timers.append(running.call_later(at_s, self._hear, *work))
                else:
                    self._hear(*work)
            at_s += length_ms / 1_000
        self._heard_until[leg] = running.time() + at_s * (loop or 1)
        if loop:
            timers.append(running.call_later(at_s * loop, self.tell, SoundEnded(leg, token)))

    async def stop_playing(self, leg: str) -> None:
        self._quiet(leg)

    async def press(self, leg: str, digits: str) -> None:
        self._heard(leg, f"keys {digits}")

    async def bridge(self, leg: str, other: str) -> None:
        self._joined |= {leg: other, other: leg}

    async def unbridge(self, leg: str) -> None:
        other = self._joined.pop(leg, "")
        self._joined.pop(other, None)

    async def record(self, leg: str, plan: RecordingPlan) -> None:
        self._recording[plan.sid] = StillRecording(leg, plan, lambda cause: self._end(plan.sid, cause))

    async def pause_recording(self, leg: str, sid: str, *, silence: bool) -> None:
        if sid in self._recording:
            self._recording[sid].pause(silence=silence)

    async def resume_recording(self, leg: str, sid: str) -> None:
        if sid in self._recording:
            self._recording[sid].resume()

    async def stop_recording(self, leg: str, sid: str) -> None:
        self._end(sid, "stopped")

    async def stats(self, leg: str) -> LegStats | None:
        return None

    def _speak(self, leg: str, words: str, lasts_s: float) -> None:
        self._note(leg, words, lasts_s, inbound=True)
        if leg in self._joined:
            self._hear(self._joined[leg], words, lasts_s)

    def _hear(self, leg: str, words: str, lasts_s: float) -> None:
        if words:
            self._heard(leg, words)
        self._note(leg, words, lasts_s, inbound=False)

    def _note(self, leg: str, words: str, lasts_s: float, *, inbound: bool) -> None:
        for recording in self._recording.values():
            if recording.leg == leg:
                recording.sound(words, lasts_s, inbound=inbound)

    def _sound(self, piece: Piece) -> tuple[str, int]:
        if isinstance(piece, Clip):
            sound = self._sounds[piece.name]
            return sound.heard, sound.length_ms
        if isinstance(piece, Keys):
            return f"keys {piece.digits}", KEY_MS * len(piece.digits)
        return "", piece.length_ms if isinstance(piece, Silence) else TONE_MS

    def _quiet(self, leg: str) -> None:
        self._heard_until.pop(leg, None)
        for timer in self._playing.pop(leg, []):
            timer.cancel()

    def _end(self, sid: str, cause: Cause) -> None:
        recording = self._recording.pop(sid, None)
        if recording is None:
            return
        event = ended(recording, cause)
        self._lengths_ms[sid] = event.duration_ms
        self._recorded(recording.leg, sid, " ".join(recording.words), event.duration_ms)
        asyncio.get_running_loop().call_soon(self.tell, event)

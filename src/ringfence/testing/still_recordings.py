"""Recordings of a test: no sound, but what was said while they ran, and how long it would have lasted."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Literal

from ringfence.media.wav import HEADER_BYTES, SAMPLE_BYTES, write_header
from ringfence.ports.media import SAMPLE_RATE_HZ, RecordingEnded, RecordingPlan
from ringfence.ports.recordings import RecordingGoneError, RecordingUnreadableError

# What trimming leaves before the first sound and after the last, as the real recorder does.
LEFT_BEFORE_S = 0.1
LEFT_AFTER_S = 0.2
PIECE_BYTES = 64 << 10

Cause = Literal["stopped", "length", "silence", "closed"]


class StillRecording:
    """One recording that runs. `over` is called once, from a timer, when its length or a silence ends it."""

    def __init__(self, leg: str, plan: RecordingPlan, over: Callable[[Cause], None]) -> None:
        self.leg = leg
        self.plan = plan
        self.words: list[str] = []
        self._over = over
        self._loop = asyncio.get_running_loop()
        self._before_s = 0.0
        self._since_s: float | None = self._loop.time()
        self._muted = False
        # Where there is sound, in seconds of the recording.
        self._first_s: float | None = None
        self._last_s = 0.0
        self._alarm: asyncio.TimerHandle | None = None
        self._set_alarm()

    def __repr__(self) -> str:
        return f"StillRecording({self.plan.sid})"

    @property
    def length_s(self) -> float:
        """How much was recorded, before trimming."""
        return self._before_s + (0.0 if self._since_s is None else self._loop.time() - self._since_s)

    def sound(self, words: str, lasts_s: float, *, inbound: bool) -> None:
        """Something sounds on the leg: said by its peer (inbound), or heard by it."""
        if self._since_s is None or self._muted or self.plan.tracks == ("outbound" if inbound else "inbound"):
            return
        self.words += [words] if words else []
        self._first_s = self.length_s if self._first_s is None else self._first_s
        self._last_s = max(self._last_s, self.length_s + lasts_s)

    def pause(self, *, silence: bool) -> None:
        """Record silence, or nothing, from now on."""
        if silence:
            self._muted = True
            return
        self._before_s, self._since_s = self.length_s, None
        self._stop_alarm()

    def resume(self) -> None:
        """Record again."""
        self._muted = False
        if self._since_s is None:
            self._since_s = self._loop.time()
            self._set_alarm()

    def end(self) -> int:
        """Stop; how much of it is to be heard, in milliseconds."""
        self._stop_alarm()
        length_s = self.length_s
        if not self.plan.trim:
            return round(length_s * 1_000)
        if self._first_s is None:
            return 0
        return round((min(length_s, self._last_s + LEFT_AFTER_S) - max(0.0, self._first_s - LEFT_BEFORE_S)) * 1_000)

    def _set_alarm(self) -> None:
        left_s = min(self._until_length_s, self._until_silence_s)
        self._alarm = self._loop.call_later(left_s, self._look)

    def _stop_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _look(self) -> None:
        """End it where it is time; what sounded since has put the silence off."""
        if self._until_length_s <= 0:
            self._over("length")
        elif self._until_silence_s <= 0:
            self._over("silence")
        else:
            self._set_alarm()

    @property
    def _until_length_s(self) -> float:
        return _whole_ms(self.plan.max_length_s - self.length_s)

    @property
    def _until_silence_s(self) -> float:
        if self.plan.silence_timeout_s is None:
            return self._until_length_s
        return _whole_ms(self._last_s + self.plan.silence_timeout_s - self.length_s)


class StillRecordingFiles:
    """Implements `ports.recordings.RecordingFiles`: each recording that was made is silence of its length."""

    def __init__(self, length_ms: Callable[[str], int | None]) -> None:
        """`length_ms` of a recording's SID; None where there is none."""
        self._length_ms = length_ms
        self._erased: set[str] = set()

    async def open(self, account: str, sid: str, key: bytes) -> "Silence":
        length_ms = None if sid in self._erased else self._length_ms(sid)
        if length_ms is None:
            raise RecordingGoneError("no such recording")
        return Silence(length_ms)

    def can_mp3(self) -> bool:
        return False

    async def delete(self, account: str, sid: str) -> None:
        self._erased.add(sid)


class Silence:
    """Implements `ports.recordings.OpenedRecording`."""

    channels = 1
    damaged = False

    def __init__(self, duration_ms: int) -> None:
        self.duration_ms = duration_ms

    def mix(self) -> None: ...

    @property
    def wav_bytes(self) -> int:
        return HEADER_BYTES + self._sound_bytes

    @property
    def _sound_bytes(self) -> int:
        return self.duration_ms * SAMPLE_RATE_HZ // 1_000 * SAMPLE_BYTES

    async def wav(self, start: int, end: int) -> AsyncGenerator[bytes]:
        header = write_header(self._sound_bytes, 1, SAMPLE_RATE_HZ)[start:end]
        if header:
            yield header
        left = min(end, self.wav_bytes) - max(start, HEADER_BYTES)
        while left > 0:
            yield bytes(min(left, PIECE_BYTES))
            left -= PIECE_BYTES

    async def mp3(self) -> AsyncGenerator[bytes]:
        raise RecordingUnreadableError("recordings of a test are read as WAV")
        yield b""

    async def close(self) -> None: ...


def ended(recording: StillRecording, cause: Cause) -> RecordingEnded:
    """The event of a recording's end."""
    plan = recording.plan
    return RecordingEnded(leg=recording.leg, sid=plan.sid, duration_ms=recording.end(), cause=cause)


def _whole_ms(span_s: float) -> float:
    """Without what adding seconds up leaves behind."""
    return round(span_s, 3)

"""Records legs: all recorded legs of a worker at once, a tick at a time, into sealed files.

Sound is gathered a second at a time and handed to a thread that seals and writes it; recordings that begin together
are written in different ticks. Nothing here waits for a disk.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from ringfence.domain.sealing.recording import Cause, End, Header, RecordingSealer, recording_key
from ringfence.media.g711 import Samples
from ringfence.media.recording_file import RecordingFile
from ringfence.media.recording_writer import RecordingWriter
from ringfence.ports.media import SAMPLE_RATE_HZ, RecordingPlan

FRAME_SAMPLES = 160
FRAMES_PER_S = SAMPLE_RATE_HZ // FRAME_SAMPLES
CHUNK_FRAMES = FRAMES_PER_S
# -45 dB of full scale: below it there is no speech, only a line's noise.
SILENCE_RMS = 184
# What trimming leaves before the first sound and after the last: 100 and 200 ms, for consonants are quiet.
LEFT_BEFORE_FRAMES = 5
LEFT_AFTER_FRAMES = 10

_SILENCE_ENERGY = float(FRAME_SAMPLES * SILENCE_RMS**2)
_FIRST_SLOTS = 64
_NEVER = 1 << 62

# What a slot is doing.
_FREE, _RUNNING, _SKIPPING, _MUTED, _ENDED = range(5)

# What is recorded: channels and tracks.
_MIXED, _INBOUND, _OUTBOUND, _DUAL, _DUAL_INBOUND, _DUAL_OUTBOUND = range(6)
_KINDS = {
    (1, "both"): _MIXED,
    (1, "inbound"): _INBOUND,
    (1, "outbound"): _OUTBOUND,
    (2, "both"): _DUAL,
    (2, "inbound"): _DUAL_INBOUND,
    (2, "outbound"): _DUAL_OUTBOUND,
}

Slots = NDArray[np.intp]
Ended = Callable[[str, int, Cause], None]


class _Recording(msgspec.Struct):
    """What a slot records into."""

    plan: RecordingPlan
    file: RecordingFile


class Recorder:
    """All recordings of a worker. To be used from the thread of `loop` alone.

    `ended(sid, duration_ms, cause)` is called in that loop, once for each recording that was begun, when its file is on
    the disk or has failed; `waiting` is told how many bytes of sound wait for the disk. A slot stays its recording's
    until its end is told: whoever ticks must leave it out from then on.
    """

    def __init__(
        self, ended: Ended, loop: asyncio.AbstractEventLoop, *, waiting: Callable[[int], None] = lambda size: None
    ) -> None:
        self._ended = ended
        self._loop = loop
        self._waiting = waiting
        self._writer = RecordingWriter()
        self._recordings: list[_Recording | None] = []
        self._free: list[int] = []
        self._of_kind = [0] * len(_KINDS)
        self._watched = 0
        self._muted = 0
        self._state = np.empty(0, np.int8)
        self._kind = np.empty(0, np.int8)
        self._watch = np.empty(0, np.bool_)
        self._fill = np.empty(0, np.intp)
        self._chunk = np.empty(0, np.intp)
        self._frames = np.empty(0, np.int64)
        self._limit = np.empty(0, np.int64)
        self._quiet = np.empty(0, np.int64)
        self._quiet_limit = np.empty(0, np.int64)
        self._first_sound = np.empty(0, np.int64)
        self._last_sound = np.empty(0, np.int64)
        self._sound = np.empty((0, CHUNK_FRAMES, 2, FRAME_SAMPLES), np.int16)

    def begin(self, plan: RecordingPlan, path: Path) -> int:
        """Begin a recording into a file that is not there yet: the slot under which it is ticked and stopped.

        ValueError where the plan names no account and recording. A file that cannot be written ends it as `failed`.
        """
        key = recording_key(plan.key, plan.sid)
        sealer = RecordingSealer(key, Header(account=plan.account, sid=plan.sid, channels=plan.channels))
        if not self._free:
            self._grow()
        slot = self._free.pop()
        file = RecordingFile(path, sealer, lambda: self._tell(lambda: self.stop(slot, "failed")))
        self._recordings[slot] = _Recording(plan, file)
        kind = _KINDS[plan.channels, plan.tracks]
        self._set(slot, _RUNNING)
        self._kind[slot] = kind
        self._of_kind[kind] += 1
        self._watch[slot] = plan.trim or plan.silence_timeout_s is not None
        self._watched += int(self._watch[slot])
        self._fill[slot] = self._frames[slot] = self._quiet[slot] = 0
        # The first chunk's length sets in which tick of a second all the others are written.
        self._chunk[slot] = 1 + slot % CHUNK_FRAMES
        self._limit[slot] = max(1, plan.max_length_s * FRAMES_PER_S)
        timeout_s = plan.silence_timeout_s
        self._quiet_limit[slot] = _NEVER if timeout_s is None else max(1, timeout_s * FRAMES_PER_S)
        self._first_sound[slot] = self._last_sound[slot] = -1
        self._sound[slot] = 0
        return slot

    def tick(self, slots: Slots, inbound: Samples, outbound: Samples) -> None:
        """Record 20 ms: row i of both arrays, of 160 samples each, is what slot `slots[i]` hears. No slot twice.

        Slots that have ended, or that nobody began, are passed over.
        """
        state = self._state[slots]
        going = (state == _RUNNING) | (state == _MUTED)
        if not going.all():
            slots, inbound, outbound = slots[going], inbound[going], outbound[going]
        if not len(slots):
            return
        at = self._fill[slots]
        self._gather(slots, at, inbound, outbound)
        if self._watched:
            self._listen(slots, at)
        at += 1
        self._fill[slots] = at
        frames = self._frames[slots] + 1
        self._frames[slots] = frames
        for slot in slots[at >= self._chunk[slots]].tolist():
            self._hand_over(slot)
        for slot in slots[frames >= self._limit[slots]].tolist():
            self.stop(slot, "length")
        if self._watched:
            for slot in slots[self._quiet[slots] >= self._quiet_limit[slots]].tolist():
                self.stop(slot, "silence")

    def pause(self, slot: int, silence: bool) -> None:
        """Record nothing until it is resumed: silence, or no time at all."""
        if self._state[slot] in (_RUNNING, _SKIPPING, _MUTED):
            self._set(slot, _MUTED if silence else _SKIPPING)

    def resume(self, slot: int) -> None:
        """Record again."""
        if self._state[slot] in (_SKIPPING, _MUTED):
            self._set(slot, _RUNNING)

    def stop(self, slot: int, cause: Cause) -> None:
        """End a recording; one that has ended stays as it is."""
        recording = self._recordings[slot]
        if recording is None or self._state[slot] == _ENDED:
            return
        self._set(slot, _ENDED)
        self._of_kind[self._kind[slot]] -= 1
        self._watched -= int(self._watch[slot])
        if not self._write(slot, recording):
            cause = "failed"
        end = self._end(slot, recording.plan, cause)
        self._writer.end(
            recording.file, end, lambda end: self._tell(lambda: self._finish(slot, recording.plan.sid, end))
        )

    async def close(self) -> None:
        """End all recordings as `closed`, and return when they are on the disk and that has been told."""
        for slot in range(len(self._recordings)):
            self.stop(slot, "closed")
        await self._loop.run_in_executor(None, self._writer.close)

    def _gather(self, slots: Slots, at: Slots, inbound: Samples, outbound: Samples) -> None:
        """Put the tick's samples at their places."""
        kinds = self._kind[slots]
        for kind, count in enumerate(self._of_kind):
            if not count:
                continue
            rows: Any = slice(None) if count >= len(slots) and (kinds == kind).all() else np.flatnonzero(kinds == kind)
            chosen, places, heard, said = slots[rows], at[rows], inbound[rows], outbound[rows]
            if kind == _MIXED:
                both = np.add(heard, said, dtype=np.int32)
                self._sound[chosen, places, 0] = np.clip(both, -32_768, 32_767, out=both)
            elif kind in (_INBOUND, _DUAL, _DUAL_INBOUND):
                self._sound[chosen, places, 0] = heard
            elif kind == _OUTBOUND:
                self._sound[chosen, places, 0] = said
            if kind in (_DUAL, _DUAL_OUTBOUND):
                self._sound[chosen, places, 1] = said
        if self._muted:
            muted = np.flatnonzero(self._state[slots] == _MUTED)
            self._sound[slots[muted], at[muted]] = 0

    def _listen(self, slots: Slots, at: Slots) -> None:
        """Note where there is sound, for those that are trimmed or end with silence."""
        rows = np.flatnonzero(self._watch[slots] & (self._state[slots] == _RUNNING))
        chosen = slots[rows]
        samples = self._sound[chosen, at[rows]].astype(np.float32)
        loud = np.einsum("scj,scj->sc", samples, samples).max(axis=1, initial=0) >= _SILENCE_ENERGY
        self._quiet[chosen] = np.where(loud, 0, self._quiet[chosen] + 1)
        sounding = chosen[loud]
        now = self._frames[sounding]
        self._last_sound[sounding] = now
        first = self._first_sound[sounding]
        self._first_sound[sounding] = np.where(first < 0, now, first)

    def _hand_over(self, slot: int) -> None:
        """Give what was gathered to the writer."""
        recording = self._recordings[slot]
        assert recording is not None
        if not self._write(slot, recording):
            self.stop(slot, "failed")

    def _write(self, slot: int, recording: _Recording) -> bool:
        frames = int(self._fill[slot])
        self._fill[slot] = 0
        self._chunk[slot] = CHUNK_FRAMES
        taken = not frames or self._writer.write(
            recording.file, self._sound[slot, :frames, : recording.plan.channels].copy()
        )
        self._waiting(self._writer.pending_bytes)
        return taken

    def _end(self, slot: int, plan: RecordingPlan, cause: Cause) -> End:
        frames = int(self._frames[slot])
        first, last = 0, frames
        if plan.trim:
            # Where nothing sounded, nothing is left.
            sounded = self._first_sound[slot] >= 0
            first = max(0, int(self._first_sound[slot]) - LEFT_BEFORE_FRAMES) if sounded else 0
            last = min(frames, int(self._last_sound[slot]) + 1 + LEFT_AFTER_FRAMES) if sounded else 0
        return End(
            samples=frames * FRAME_SAMPLES,
            heard_from=first * FRAME_SAMPLES,
            heard_to=last * FRAME_SAMPLES,
            cause=cause,
        )

    def _finish(self, slot: int, sid: str, end: End) -> None:
        """Tell of an end, and let the slot be another's."""
        self._waiting(self._writer.pending_bytes)
        self._ended(sid, (end.heard_to - end.heard_from) * 1_000 // SAMPLE_RATE_HZ, end.cause)
        self._recordings[slot] = None
        self._set(slot, _FREE)
        self._free.append(slot)

    def _set(self, slot: int, state: int) -> None:
        self._muted += int(state == _MUTED) - int(self._state[slot] == _MUTED)
        self._state[slot] = state

    def _tell(self, what: Callable[[], None]) -> None:
        # After the loop nobody is there to be told.
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(what)

    def _grow(self) -> None:
        before = len(self._recordings)
        more = before or _FIRST_SLOTS
        for name, array in vars(self).items():
            if isinstance(array, np.ndarray):
                setattr(self, name, np.concatenate([array, np.zeros((more, *array.shape[1:]), array.dtype)]))
        self._recordings += [None] * more
        self._free += range(before + more - 1, before - 1, -1)

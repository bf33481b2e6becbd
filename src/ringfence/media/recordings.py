"""Which leg is recorded under which slot of the recorder. Whatever is begun here ends once, told by an event."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import numpy as np
import structlog
from numpy.typing import NDArray

from ringfence.media.containment import in_halves, place_of
from ringfence.media.discretion import DELAY_TICKS, Discretion
from ringfence.media.leg import Leg
from ringfence.media.seams import Recorder, RecordingCause
from ringfence.ports.media import MediaEvent, RecordingEnded, RecordingPlan

Samples = NDArray[np.int16]

_SID = re.compile(r"[A-Z]{2}[0-9a-f]{32}")
_CAUSES = frozenset(get_args(RecordingCause))


class Recordings:
    """The recordings of a worker's legs. Without a folder or a recorder every one fails."""

    def __init__(
        self,
        folder: Path | None,
        recorder: Callable[[Callable[[str, int, str], None]], Recorder] | None,
        emit: Callable[[MediaEvent], None],
        discretion: Discretion,
        changed: Callable[[], None],
    ) -> None:
        self._folder = folder
        self._emit = emit
        self._discretion = discretion
        # Told when other rows are recorded than before.
        self._changed = changed
        # By the recording's sid: its leg's name until it has ended, and what is ticked of it.
        self._legs: dict[str, str] = {}
        self._running: dict[str, _Running] = {}
        self._slots = self._rows = self._since = _NONE
        self._log = structlog.get_logger("ringfence.media")
        self._recorder = recorder(self._ended) if recorder is not None else None

    @property
    def rows(self) -> NDArray[np.int64]:
        """The rows that are recorded now; one comes as often as it is recorded."""
        return self._rows

    def begin(self, leg: Leg | None, name: str, plan: RecordingPlan) -> None:
        """Begin one. ValueError for a sid that is in use or is none."""
        if not _SID.fullmatch(plan.account) or not _SID.fullmatch(plan.sid) or plan.sid in self._legs:
            raise ValueError("not a recording's sid, or one in use")
        if leg is None or self._recorder is None or self._folder is None:
            self._emit(
                RecordingEnded(leg=name, sid=plan.sid, duration_ms=0, cause="closed" if leg is None else "failed")
            )
            return
        try:
            slot = self._recorder.begin(plan, self._folder / plan.account / plan.sid)
        except OSError:
            self._emit(RecordingEnded(leg=name, sid=plan.sid, duration_ms=0, cause="failed"))
            return
        self._legs[plan.sid] = name
        self._running[plan.sid] = _Running(slot, leg, self._discretion.tick + 1)
        leg.recordings[plan.sid] = slot
        self._tune()

    def pause(self, leg: Leg | None, sid: str, *, silence: bool) -> None:
        running = self._running.get(sid)
        if running is not None and running.leg is leg and self._recorder is not None:
            self._catch_up(running)
            self._recorder.pause(running.slot, silence)

    def resume(self, leg: Leg | None, sid: str) -> None:
        running = self._running.get(sid)
        if running is not None and running.leg is leg and self._recorder is not None:
            # Nothing of the pause is recorded, though it is still here.
            running.since = self._discretion.tick + 1
            self._tune()
            self._recorder.resume(running.slot)

    def stop(self, leg: Leg | None, sid: str, cause: RecordingCause = "stopped") -> None:
        """End one; its event follows when it is on disk."""
        running = self._running.get(sid)
        if running is None or running.leg is not leg or self._recorder is None:
            return
        self._catch_up(running)
        # What is caught up with may have been the last that it takes.
        if self._running.pop(sid, None) is not None:
            running.leg.recordings.pop(sid, None)
            self._tune()
            self._recorder.stop(running.slot, cause)

    def close(self, leg: Leg) -> None:
        """End all of a leg's."""
        for sid in list(leg.recordings):
            self.stop(leg, sid, "closed")

    def tick(self) -> None:
        """Record 20 ms of every recorded leg, of some ticks ago."""
        tick = self._discretion.tick - DELAY_TICKS
        if self._recorder is None or not len(self._slots):
            return
        slots, rows = self._slots, self._rows
        ripe = self._since <= tick
        if not ripe.all():
            slots, rows = slots[ripe], rows[ripe]
        self._record(slots, rows, tick)

    def _catch_up(self, running: "_Running") -> None:
        """Record what is still waiting."""
        assert self._recorder is not None
        last = self._discretion.tick
        slots, rows = np.array([running.slot]), np.array([running.leg.row])
        for tick in range(max(running.since, last - DELAY_TICKS + 1), last + 1):
            self._record(slots, rows, tick)

    def _record(self, slots: NDArray[np.int64], rows: NDArray[np.int64], tick: int) -> None:
        """Record one tick. A recording that raises what nobody foresaw fails alone, and its call goes on."""
        recorder = self._recorder
        assert recorder is not None

        def record(first: int, end: int) -> None:
            recorder.tick(slots[first:end], *self._discretion.frames(rows[first:end], tick))

        in_halves(0, len(slots), record, lambda place, error: self._broke(int(slots[place]), error))

    def _broke(self, slot: int, error: Exception) -> None:
        assert self._recorder is not None
        sid, running = next((sid, one) for sid, one in self._running.items() if one.slot == slot)
        self._log.error("media.recording_broke", leg=running.leg.name, kind=type(error).__name__, place=place_of(error))
        del self._running[sid]
        running.leg.recordings.pop(sid, None)
        self._tune()
        try:
            self._recorder.stop(slot, "failed")
        except Exception:
            self._ended(sid, 0, "failed")

    def _ended(self, sid: str, duration_ms: int, cause: str) -> None:
        """The recorder is done with one, of itself or because it was stopped."""
        name = self._legs.pop(sid, None)
        running = self._running.pop(sid, None)
        if running is not None:
            running.leg.recordings.pop(sid, None)
            self._tune()
        if name is not None:
            known: RecordingCause = cause if cause in _CAUSES else "failed"  # type: ignore[assignment]
            self._emit(RecordingEnded(leg=name, sid=sid, duration_ms=duration_ms, cause=known))

    def _tune(self) -> None:
        running = list(self._running.values())
        self._slots = np.array([one.slot for one in running], np.int64)
        self._rows = np.array([one.leg.row for one in running], np.int64)
        self._since = np.array([one.since for one in running], np.int64)
        self._changed()


class _Running:
    """A recording that is ticked: `since` is the first tick that belongs to it."""

    def __init__(self, slot: int, leg: Leg, since: int) -> None:
        self.slot = slot
        self.leg = leg
        self.since = since


_NONE = np.zeros(0, np.int64)

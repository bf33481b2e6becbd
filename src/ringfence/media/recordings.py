"""Which leg is recorded under which slot of the recorder. Whatever is begun here ends once, told by an event."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray

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
    ) -> None:
        self._folder = folder
        self._emit = emit
        self._recorder = recorder(self._ended) if recorder is not None else None
        # By the recording's sid: its leg's name until it has ended, and its slot while it is ticked.
        self._legs: dict[str, str] = {}
        self._slots: dict[str, tuple[int, Leg]] = {}
        self._arrays = _NO_SLOTS, _NO_SLOTS

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
        self._slots[plan.sid] = (slot, leg)
        leg.recordings[plan.sid] = slot
        self._tune()

    def pause(self, leg: Leg | None, sid: str, *, silence: bool) -> None:
        if leg is not None and sid in leg.recordings and self._recorder is not None:
            self._recorder.pause(leg.recordings[sid], silence)

    def resume(self, leg: Leg | None, sid: str) -> None:
        if leg is not None and sid in leg.recordings and self._recorder is not None:
            self._recorder.resume(leg.recordings[sid])

    def stop(self, leg: Leg | None, sid: str, cause: RecordingCause = "stopped") -> None:
        """End one; its event follows when it is on disk."""
        if leg is None or self._recorder is None or sid not in leg.recordings:
            return
        slot = leg.recordings.pop(sid)
        self._slots.pop(sid, None)
        self._tune()
        self._recorder.stop(slot, cause)

    def close(self, leg: Leg) -> None:
        """End all of a leg's."""
        for sid in list(leg.recordings):
            self.stop(leg, sid, "closed")

    def tick(self, inbound: Samples, outbound: Samples) -> None:
        """Record 20 ms of every recorded leg."""
        slots, rows = self._arrays
        if self._recorder is not None and len(slots):
            self._recorder.tick(slots, inbound[rows], outbound[rows])

    def _ended(self, sid: str, duration_ms: int, cause: str) -> None:
        """The recorder is done with one, of itself or because it was stopped."""
        name = self._legs.pop(sid, None)
        ticked = self._slots.pop(sid, None)
        if ticked is not None:
            ticked[1].recordings.pop(sid, None)
            self._tune()
        if name is not None:
            known: RecordingCause = cause if cause in _CAUSES else "failed"  # type: ignore[assignment]
            self._emit(RecordingEnded(leg=name, sid=sid, duration_ms=duration_ms, cause=known))

    def _tune(self) -> None:
        pairs = list(self._slots.values())
        self._arrays = (
            np.array([slot for slot, _ in pairs], np.int64),
            np.array([leg.row for _, leg in pairs], np.int64),
        )


_NO_SLOTS = np.zeros(0, np.int64)

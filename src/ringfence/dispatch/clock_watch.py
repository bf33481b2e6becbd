"""Notices that the wall clock was set back."""

from ringfence.domain.clock import Clock

STEP_MS = 1_000
# What was under way when it was set back may still bring times of before: until then every look is worth its while.
UNSETTLED_MS = 5_000


class ClockWatch:
    """Compares the wall clock with the monotonic one, look by look. Small steps and slow corrections do no harm."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ahead_ms: int | None = None
        self._unsettled_until_ms = 0

    def was_set_back(self) -> bool:
        """True at the first look, for nobody knows what was before; and from a step back on for some seconds."""
        now_ms = self._clock.monotonic_ms()
        was_ms, self._ahead_ms = self._ahead_ms, self._clock.now_ms() - now_ms
        if was_ms is None:
            return True
        if self._ahead_ms < was_ms - STEP_MS:
            self._unsettled_until_ms = now_ms + UNSETTLED_MS
        return now_ms < self._unsettled_until_ms

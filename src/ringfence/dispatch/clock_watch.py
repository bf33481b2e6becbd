"""Notices that the wall clock was set back."""

from ringfence.domain.clock import Clock

STEP_MS = 1_000
# What was under way when it was set back may still bring times of before: it is worth looking after these.
AGAIN_AFTER_MS = (500, 1_500, 5_000)


class ClockWatch:
    """Compares the wall clock with the monotonic one, look by look. Small steps and slow corrections do no harm."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ahead_ms: int | None = None
        self._again_ms: list[int] = []

    def was_set_back(self) -> bool:
        """True at the first look, for nobody knows what was before; and when it was since the last, then a few times
        more in the seconds after."""
        now_ms = self._clock.monotonic_ms()
        was_ms, self._ahead_ms = self._ahead_ms, self._clock.now_ms() - now_ms
        if was_ms is None:
            return True
        if self._ahead_ms < was_ms - STEP_MS:
            self._again_ms = [now_ms + after_ms for after_ms in AGAIN_AFTER_MS]
            return True
        if self._again_ms and now_ms >= self._again_ms[0]:
            self._again_ms = [at_ms for at_ms in self._again_ms if at_ms > now_ms]
            return True
        return False

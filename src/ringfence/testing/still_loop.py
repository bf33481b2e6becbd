"""An event loop in which no time passes: it runs what can run now, then stops.

Timers are due when the clock it was given says so. Whoever moves that clock runs the loop again.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from ringfence.domain.clock import Clock

T = TypeVar("T")


class StillLoop(asyncio.SelectorEventLoop):
    """Give it work with `create_task`, then `run_ready`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began_ms = clock.monotonic_ms()
        self._next_timer_s: float | None = None
        super().__init__(_NeverWaits(self))

    def time(self) -> float:
        """Seconds on the given clock since the loop was made."""
        return (self._clock.monotonic_ms() - self._began_ms) / 1_000

    @property
    def next_timer_ms(self) -> int | None:
        """Milliseconds from now to the next timer, at least 1; None without one. As of the end of `run_ready`."""
        return None if self._next_timer_s is None else max(1, round(self._next_timer_s * 1_000 + 0.499))

    def run_ready(self) -> None:
        """Run until nothing can go on without the clock or somebody else."""
        self._next_timer_s = None
        self.run_forever()

    def run_task(self, work: Coroutine[Any, Any, T], passes: Callable[[], bool] = lambda: False) -> T:
        """Run until `work` has ended, and give its result.

        Where it waits for time to pass, `passes` may let some pass. RuntimeError where it says that none does.
        """
        task = self.create_task(work)
        task.add_done_callback(lambda _: self.stop())
        while True:
            self.run_ready()
            if task.done():
                return task.result()
            if not passes():
                task.cancel()
                self.run_forever()
                raise RuntimeError("this waits for time to pass, and no time passes here")

    def idle(self, next_timer_s: float | None) -> None:
        """Called by the selector where a loop would wait."""
        self._next_timer_s = next_timer_s
        self.stop()


class _NeverWaits(selectors.DefaultSelector):
    def __init__(self, loop: StillLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and (timeout is None or timeout > 0):
            self._loop.idle(timeout)
        return ready

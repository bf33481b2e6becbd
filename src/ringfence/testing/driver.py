"""Makes the platform go: runs its loop until all is quiet, carries its requests to the programs, moves its clock.

The loop stands while a program is called, so that a program may text, and a test in whatever thread may look.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from ringfence.domain.clock import ManualClock
from ringfence.testing.patience import NoAnswerError
from ringfence.testing.platform import Platform
from ringfence.testing.programs import Answered, Asked
from ringfence.testing.still_loop import StillLoop
from ringfence.testing.web import Call, Web

HOUR_MS = 3_600_000
# The key service closes an hour ten minutes after its end.
TIDY_AFTER_HOUR_MS = 11 * 60_000
MAX_CALLS = 5_000
# Replies are dated a little after what they answer.
MOMENT_MS = 5
# An order to whoever runs a call is answered when it was carried out.
REQUEST_MS = 5_000

T = TypeVar("T")


class NeverQuietError(AssertionError):
    """Texts and webhooks answer one another without end."""


class Driver:
    """One platform's loop and clock. Any thread may use it; they take turns."""

    def __init__(
        self,
        clock: ManualClock,
        web: Web,
        platform: Platform,
        *,
        carry: Callable[[Asked], Answered | NoAnswerError],
        noticed: Callable[[], None],
    ) -> None:
        """`carry` takes a request to its program; `noticed` is called when something may have happened."""
        self.clock = clock
        self._web = web
        self._platform = platform
        self._carry_to_program = carry
        self._noticed = noticed
        self._loop = StillLoop(clock)
        self._lock = threading.Lock()
        self._calling = 0
        self._raised: list[Exception] = []
        self.run(platform.open())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of `work`, which runs in the platform's loop."""
        with self._lock:
            return _outside_loops(lambda: self._loop.run_task(work))

    def run_request(self, work: Coroutine[Any, Any, T]) -> T:
        """The same for what may wait a little for another part of the platform: as much time passes, 5 seconds at most.

        RuntimeError where that is not enough.
        """
        until_ms = self.clock.now_ms() + REQUEST_MS

        def passes() -> bool:
            self._platform.look()
            timer_ms = self._loop.next_timer_ms
            if timer_ms is None or self.clock.now_ms() + timer_ms > until_ms:
                return False
            self.clock.advance(timer_ms)
            return True

        with self._lock:
            return _outside_loops(lambda: self._loop.run_task(work, passes))

    def step(self) -> None:
        """Let a millisecond pass, so that what happens one after the other has different times."""
        with self._lock:
            self.clock.advance(1)

    def settle(self) -> None:
        """Return when nothing more happens without time passing. What a program raised is raised here.

        While a program is called, only the platform itself goes on; the call's end brings the rest.
        """
        looked = 0
        calls = 0
        while True:
            self._run_ready()
            call = self._next_call()
            if call is not None:
                calls, looked = calls + 1, 0
                if calls > MAX_CALLS:
                    raise NeverQuietError(f"{MAX_CALLS:,} webhooks without a pause: does a program answer itself?")
                self._carry(call)
            elif looked < 2:
                # What ended in the last round may have made room for something that is due already.
                looked += 1
                self._look()
            elif self._calling or not self._step_to_next():
                break
            else:
                looked = 0
        if self._raised and not self._calling:
            raised, self._raised = self._raised, []
            raise raised[0]

    def advance(self, ms: int) -> None:
        """Move the clock, and let happen at its time what falls due meanwhile."""
        if self._calling:
            raise RuntimeError("a program is being called: move the clock in the test, not in the program")
        self.settle()
        until_ms = self.clock.now_ms() + ms
        while (stop_ms := self._next_stop_ms()) <= until_ms:
            self._move_to(stop_ms)
            self.settle()
        self._move_to(until_ms)
        self.settle()

    def close(self) -> None:
        """End the platform and its loop."""
        try:
            self.run(self._platform.close())
        finally:
            with self._lock:
                _outside_loops(self._end)

    def _end(self) -> None:
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_ready()
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    def _run_ready(self) -> None:
        with self._lock:
            _outside_loops(self._loop.run_ready)
            self._noticed()

    def _step_to_next(self) -> bool:
        """Let the moment pass that lies between a text and its answer; False where nothing waits for it."""
        with self._lock:
            due_ms, now_ms = self._platform.next_due_ms(), self.clock.now_ms()
            near = due_ms is not None and now_ms < due_ms <= now_ms + MOMENT_MS
            if near and due_ms is not None:
                self.clock.advance(due_ms - now_ms)
            return near

    def _look(self) -> None:
        with self._lock:
            self._platform.look()

    def _next_call(self) -> Call | None:
        with self._lock:
            if self._calling or not self._web.waiting:
                return None
            self._calling += 1
            return self._web.waiting.popleft()

    def _carry(self, call: Call) -> None:
        answered: Answered | NoAnswerError = NoAnswerError(11200, "the call was broken off")
        try:
            answered = self._carry_to_program(call.asked)
        finally:
            with self._lock:
                self._calling -= 1
                call.answer(answered)
        if isinstance(answered, Answered) and answered.raised is not None:
            self._raised.append(answered.raised)

    def _next_stop_ms(self) -> int:
        now_ms = self.clock.now_ms()
        timer_ms, due_ms = self._loop.next_timer_ms, self._platform.next_due_ms()
        hour_ms = (now_ms - TIDY_AFTER_HOUR_MS) // HOUR_MS * HOUR_MS + HOUR_MS + TIDY_AFTER_HOUR_MS
        stops = [hour_ms, *([] if timer_ms is None else [now_ms + timer_ms]), *([] if due_ms is None else [due_ms])]
        return max(min(stops), now_ms + 1)

    def _move_to(self, at_ms: int) -> None:
        with self._lock:
            before_ms = self.clock.now_ms()
            self.clock.advance(max(0, at_ms - before_ms))
        passed = (at_ms - TIDY_AFTER_HOUR_MS) // HOUR_MS > (before_ms - TIDY_AFTER_HOUR_MS) // HOUR_MS
        if passed:
            self.run(self._platform.tidy())


def _outside_loops(work: Callable[[], T]) -> T:
    """Do `work`, which runs a loop, even where the thread runs one already: then in another thread, waiting for it."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return work()
    outcome: list[T] = []
    raised: list[BaseException] = []

    def attempt() -> None:
        try:
            outcome.append(work())
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=attempt, name="ringfence-still-loop")
    thread.start()
    thread.join()
    if raised:
        raise raised[0]
    return outcome[0]

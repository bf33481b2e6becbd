"""The beat of a worker: every 20 ms by the monotonic clock, whatever else the process does between two beats.

A beat that comes late is made up for at once; a process that was stopped for longer does not play what it missed.
"""

import asyncio
import time
from collections.abc import Callable

PERIOD_S = 0.02
# How many beats are made up for.
MAX_BEHIND = 10


class Metronome:
    """Calls `beat` 50 times a second in the running event loop. `overrun` is told of each beat that came a period late.

    `skipped` is told how many beats were left out after a long stop.
    """

    def __init__(
        self,
        beat: Callable[[], None],
        *,
        overrun: Callable[[], None] = lambda: None,
        skipped: Callable[[int], None] = lambda _: None,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._beat = beat
        self._overrun = overrun
        self._skipped = skipped
        self._now_s = now_s
        self._due_s = 0.0
        self._ended: asyncio.Future[None] | None = None
        self._handle: asyncio.TimerHandle | None = None

    async def run(self) -> None:
        """Beat until it is stopped or cancelled, or until a beat raises: that is raised here."""
        loop = asyncio.get_running_loop()
        self._ended = loop.create_future()
        self._due_s = self._now_s() + PERIOD_S
        self._handle = loop.call_later(PERIOD_S, self._strike)
        try:
            await self._ended
        finally:
            self._handle.cancel()

    def stop(self) -> None:
        """Let `run` return. Nothing where it does not run."""
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(None)

    def _strike(self) -> None:
        assert self._ended is not None
        try:
            self.advance()
        except Exception as error:
            if self._ended.done():
                raise
            self._ended.set_exception(error)
        if self._ended.done():
            return
        delay_s = max(0.0, self._due_s - self._now_s())
        self._handle = asyncio.get_running_loop().call_later(delay_s, self._strike)

    def advance(self) -> None:
        """One beat, and the next one is due a period after this one was."""
        behind = int((self._now_s() - self._due_s) / PERIOD_S)
        if behind > 0:
            self._overrun()
        if behind > MAX_BEHIND:
            self._due_s += behind * PERIOD_S
            self._skipped(behind)
        self._due_s += PERIOD_S
        self._beat()

"""Steps of all calls of this process, written together: a call never waits for its timeline."""

import asyncio
from collections import deque

import structlog

from ringfence.domain.call_step import StepDetail, bounded
from ringfence.domain.clock import Clock
from ringfence.domain.sealing.call import seal_step_with
from ringfence.ports.calls import CallStore, StepRow
from ringfence.ports.store import QueueFullError, StoreFailedError

MAX_WAITING = 20_000
BATCH = 500
PAUSE_S = 0.2
RETRY_S = 1.0

_log = structlog.get_logger(__name__)


class StepWriter:
    """Takes steps at once and writes them soon. Where the store is away for long, the oldest are dropped."""

    def __init__(self, store: CallStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._waiting: deque[StepRow] = deque()
        self._dropped = 0
        self._some = asyncio.Event()

    def add(
        self, key: bytes, account: str, call_sid: str, kind: str, detail: StepDetail, *, code: int | None = None
    ) -> None:
        """Note a step of a call; `key` is the call's record key."""
        self._waiting.append(
            StepRow(
                account=account,
                call_sid=call_sid,
                at_ms=self._clock.now_ms(),
                kind=kind,
                code=code,
                detail=seal_step_with(key, account, call_sid, bounded(detail)),
            )
        )
        if len(self._waiting) > MAX_WAITING:
            self._waiting.popleft()
            self._dropped += 1
        self._some.set()

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            await self._some.wait()
            self._some.clear()
            # Calls come in bursts: what happens in the next moment goes with it.
            await asyncio.sleep(PAUSE_S)
            while self._waiting:
                if not await self._write():
                    await asyncio.sleep(RETRY_S)

    async def close(self) -> None:
        """Write what waits, in one try."""
        while self._waiting and await self._write():
            continue

    async def _write(self) -> bool:
        batch = [self._waiting[place] for place in range(min(BATCH, len(self._waiting)))]
        try:
            await self._store.add_steps(batch)
        except (StoreFailedError, QueueFullError) as error:
            _log.warning("voice.steps_not_written", error=type(error).__name__, count=len(self._waiting))
            return False
        for step in batch:
            if self._waiting and self._waiting[0] is step:
                self._waiting.popleft()
        if self._dropped:
            _log.warning("voice.steps_dropped", count=self._dropped)
            self._dropped = 0
        return True

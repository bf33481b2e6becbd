"""The operator of one voice process: takes calls that come in or wait, and ends those whose process died."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog

from ringfence.domain.call import Direction, Status
from ringfence.ports.line import IncomingLine
from ringfence.ports.store import QueueFullError, StoreFailedError
from ringfence.usecases.voice.brakes import NOT_ALLOWED
from ringfence.usecases.voice.desk import Desk
from ringfence.usecases.voice.end_orphans import FROZEN, OrphanEnder
from ringfence.usecases.voice.live_call import LiveCall
from ringfence.usecases.voice.live_calls import LiveCalls
from ringfence.usecases.voice.place_call import CallPlacer
from ringfence.usecases.voice.take_call import CallTaker
from ringfence.usecases.voice.taken_calls import TakenCalls

HOLD_EVERY_S = 2.0
HOLD_MS = 10_000
TAKE_AT_ONCE = 100
# Rings may be lost: the store is looked at this often without one.
LOOK_EVERY_S = 1.0
RETRY_S = 1.0
STOP_WITHIN_S = 2.0
BRAKE_EVERY_S = 2.0
HALT_EVERY_S = 0.4
BRAKE_AHEAD_MS = 5_000

_log = structlog.get_logger(__name__)


class Bell(Protocol):
    """Rung when calls or orders wait."""

    async def wait(self, timeout_s: float | None = None) -> bool: ...


class CallOperator:
    """Implements `ports.line.Operator`. `max_calls` bounds how many calls live here at once."""

    def __init__(
        self, desk: Desk, live: LiveCalls, taker: CallTaker, placer: CallPlacer, *, max_calls: int = 10_000
    ) -> None:
        self._desk = desk
        self._live = live
        self._taker = taker
        self._orphans = OrphanEnder(desk)
        self._taken = TakenCalls(desk, live, placer)
        self._max_calls = max_calls
        self._halted: set[LiveCall] = set()
        self._stopping = False

    def __repr__(self) -> str:
        return f"CallOperator({len(self._live)} calls)"

    def incoming(self, line: IncomingLine) -> None:
        if self._stopping or self._room() <= 0:
            line.refuse(503)
            return
        self._live.tasks.start(self._taker.take(line), "take call")

    async def run(self, bell: Bell) -> None:
        """Work until cancelled."""
        await self._again(self._end_own)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._hold(), name="hold calls")
            tasks.create_task(self._work(bell), name="take calls")
            tasks.create_task(self._brake(), name="brake calls")
            tasks.create_task(self._halt(), name="halt calls")
            tasks.create_task(self._end_taken(), name="end calls that cannot ring")
            tasks.create_task(self._desk.steps.run(), name="steps")

    async def stop(self) -> None:
        """End all calls, each with its status and callbacks, and take no more."""
        self._stopping = True
        for call in self._live:
            call.give_up(Status.FAILED, "the voice process stops")
        await self._live.tasks.settle(STOP_WITHIN_S)
        await self._live.tasks.close()
        await self._desk.steps.close()

    async def _end_own(self) -> None:
        """Those that a process of this name ran before it died."""
        await self._desk.store.hold_calls(self._desk.owner, self._desk.clock.now_ms(), HOLD_MS)
        await self._orphans.end(await self._desk.store.calls_owned(self._desk.owner))

    async def _hold(self) -> None:
        while True:
            await self._again(self._hold_once)
            await asyncio.sleep(HOLD_EVERY_S)

    async def _hold_once(self) -> None:
        now_ms = self._desk.clock.now_ms()
        await self._desk.store.hold_calls(self._desk.owner, now_ms, HOLD_MS)
        await self._orphans.end(await self._desk.store.orphaned_calls(now_ms, TAKE_AT_ONCE))

    async def _work(self, bell: Bell) -> None:
        while True:
            await self._again(self._take_orders)
            await self._again(self._take_calls)
            await bell.wait(LOOK_EVERY_S)

    async def _take_orders(self) -> None:
        while orders := await self._desk.store.take_orders(self._desk.owner, TAKE_AT_ONCE):
            for order in orders:
                if not self._taken.keep(order):
                    await self._live.order(order)

    def _room(self) -> int:
        return self._max_calls - len(self._live) - len(self._taken)

    async def _take_calls(self) -> None:
        """None while some wait for the key service: another process may ring what this one could not."""
        await self._taken.resume(await self._desk.halts.now())
        while not self._stopping and (room := min(TAKE_AT_ONCE, self._room())) > 0:
            halt = await self._desk.halts.now()
            rows = await self._desk.store.take_calls(
                self._desk.owner,
                self._desk.clock.now_ms(),
                HOLD_MS,
                room,
                each=self._desk.brakes.room(),
                passing_over=self._desk.brakes.waiting(),
            )
            if not rows:
                return
            for row in rows:
                self._desk.brakes.began(row.account)
            await self._taken.begin(rows, halt)

    async def _brake(self) -> None:
        while True:
            await asyncio.sleep(BRAKE_EVERY_S)
            await self._again(self._brake_once)

    async def _brake_once(self) -> None:
        """End what an account's calls may cost no longer, before another minute of them begins."""
        spent = await self._desk.brakes.spent(self._desk.owner, BRAKE_AHEAD_MS)
        for call in self._live:
            row = call.record.row
            if row.account in spent and row.direction is not Direction.INBOUND and row.rate_micros > 0:
                call.record.step("error", "the account's calls have cost as much as they may for now", code=NOT_ALLOWED)
                call.give_up(Status.FAILED, error_code=NOT_ALLOWED)

    async def _halt(self) -> None:
        while True:
            await asyncio.sleep(HALT_EVERY_S)
            await self._again(self._halt_once)

    async def _halt_once(self) -> None:
        """End the calls of whoever was frozen."""
        halt = await self._desk.halts.now()
        halted = {call for call in self._live if halt.stops(call.account)}
        for call in halted - self._halted:
            call.record.step("error", FROZEN.cause, code=FROZEN.code)
            call.give_up(Status.FAILED, error_code=FROZEN.code)
        self._halted = halted

    async def _end_taken(self) -> None:
        while True:
            await asyncio.sleep(HALT_EVERY_S)
            await self._again(self._taken.end)

    async def _again(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do it; where the store or the key service is away, the next round does."""
        try:
            await work()
        except (StoreFailedError, QueueFullError, ConnectionError) as error:
            _log.warning("voice.away", error=type(error).__name__)
            await asyncio.sleep(RETRY_S)

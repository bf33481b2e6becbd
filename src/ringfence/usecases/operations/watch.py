"""Looks now and then whether something stands still or does not answer, and writes it down as an incident."""

import asyncio

import structlog

from ringfence.domain.clock import Clock
from ringfence.ports.freezes import FreezeStore
from ringfence.ports.operations import Incident, OperationsStore
from ringfence.ports.process_states import ProcessStates
from ringfence.ports.store import QueueFullError, StoreFailedError
from ringfence.usecases.operations.incidents import Condition, settle_incidents

EVERY_S = 5.0
FREEZE = "freeze"
PROCESS = "process"
# Somebody used a key that is there to be stolen, or one from a network that is new for it; the ledger lacks something.
MOMENTS = frozenset({"canary", "new_network", "ledger_gap"})
_log = structlog.get_logger(__name__)


class Watch:
    """Freezes and processes. A process is down once it did not answer twice.

    One that never answered may be another user's, or not run here: nothing is said of it.
    """

    def __init__(self, freezes: FreezeStore, store: OperationsStore, processes: ProcessStates, clock: Clock) -> None:
        self._freezes = freezes
        self._store = store
        self._processes = processes
        self._clock = clock
        self._known: set[str] = set()
        self._silent: dict[str, int] = {}

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await self.look()
            except (QueueFullError, StoreFailedError) as away:
                _log.warning("store away", error=type(away).__name__)

    async def look(self) -> None:
        """Once."""
        now_ms = self._clock.now_ms()
        found = [Condition(FREEZE, f"{row.kind}:{row.name}", row.at_ms) for row in await self._freezes.freezes()]
        states = await self._processes()
        answering = {state.name for state in states if state.answers}
        self._known |= answering
        silent = {state.name for state in states if state.name in self._known - answering}
        found += [Condition(PROCESS, name, since_ms) for name, since_ms in self._silent.items() if name in silent]
        self._silent = {name: self._silent.get(name, now_ms) for name in silent}

        def is_over(row: Incident) -> bool:
            """What happened in a moment is over once somebody of staff knows; a process that answers is up."""
            if row.kind in MOMENTS:
                return bool(row.acknowledged_by)
            return row.kind == FREEZE or (row.kind == PROCESS and row.what in answering)

        await settle_incidents(self._store, self._clock, found, is_over)

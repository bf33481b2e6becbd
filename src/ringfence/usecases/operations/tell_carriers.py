"""A process tells the operator of its carriers: what changed, now and then."""

import asyncio
from collections.abc import Callable, Sequence

import msgspec
import structlog

from ringfence.domain.clock import Clock
from ringfence.ports.operations import CarrierState, OperationsStore
from ringfence.ports.store import QueueFullError, StoreFailedError
from ringfence.usecases.operations.incidents import Condition, settle_incidents

EVERY_S = 5.0
# A process that starts needs a moment to reach its carrier.
DOWN_AFTER_MS = 10_000
CARRIER = "carrier"
_log = structlog.get_logger(__name__)


class CarrierTelling:
    """`states` are asked for each time. What did not change is not written again."""

    def __init__(self, store: OperationsStore, clock: Clock, states: Callable[[], Sequence[CarrierState]]) -> None:
        self._store = store
        self._clock = clock
        self._states = states
        self._told: dict[str, CarrierState] = {}

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.tell()
            except (QueueFullError, StoreFailedError) as away:
                _log.warning("store away", error=type(away).__name__)
            await asyncio.sleep(EVERY_S)

    async def tell(self) -> None:
        """Once. A carrier that does not answer is an incident while it does not."""
        states = self._states()
        for state in states:
            told = self._told.get(state.name)
            if told is None or msgspec.structs.replace(told, told_ms=state.told_ms) != state:
                await self._store.put_carrier_state(state)
                self._told[state.name] = state
        down = [
            Condition(CARRIER, _what(state), state.since_ms)
            for state in states
            if not state.up and state.told_ms - state.since_ms >= DOWN_AFTER_MS
        ]
        mine = {_what(state) for state in states}
        await settle_incidents(self._store, self._clock, down, lambda row: row.kind == CARRIER and row.what in mine)


def _what(state: CarrierState) -> str:
    return f"{state.name} of {state.owner}"

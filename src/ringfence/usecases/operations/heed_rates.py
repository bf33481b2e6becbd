"""A dispatcher sends at the rates that two of staff have raised, within seconds."""

import asyncio
from collections.abc import Callable, Sequence

import structlog

from ringfence.ports.operations import AllowedRate, OperationsStore
from ringfence.ports.store import StoreFailedError

EVERY_S = 5.0
_log = structlog.get_logger(__name__)


async def heed_rates(store: OperationsStore, allow: Callable[[Sequence[AllowedRate]], None]) -> None:
    """Until cancelled. `allow` is told of all that there are, at first and whenever they change."""
    known: Sequence[AllowedRate] = []
    while True:
        try:
            rows = await store.allowed_rates()
            if rows != known:
                allow(rows)
                known = rows
        except StoreFailedError as away:
            _log.warning("store away", error=type(away).__name__)
        await asyncio.sleep(EVERY_S)

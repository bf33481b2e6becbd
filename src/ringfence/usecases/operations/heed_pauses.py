"""A process gives nothing to carriers that two of staff have paused, within a second."""

import asyncio
from collections.abc import Callable, Collection

import structlog

from ringfence.ports.freezes import FreezeStore
from ringfence.ports.store import StoreFailedError

EVERY_S = 1.0
_log = structlog.get_logger(__name__)


async def heed_pauses(store: FreezeStore, pause: Callable[[Collection[str]], None]) -> None:
    """Until cancelled; `pause` is told the names of all that are paused. Where that cannot be read, they stay so."""
    while True:
        try:
            pause(frozenset(row.name for row in await store.freezes() if row.kind == "carrier"))
        except StoreFailedError as away:
            _log.warning("store away", error=type(away).__name__)
        await asyncio.sleep(EVERY_S)

"""Erase what a duty has kept long enough, once a minute."""

import asyncio
from typing import Final

import structlog

from ringfence.domain.clock import Clock
from ringfence.ports.retention import RetainedStore
from ringfence.ports.store import QueueFullError, StoreFailedError

EVERY_S: Final = 60.0
ERASED_AT_ONCE: Final = 1_000

_log = structlog.get_logger(__name__)


async def sweep_retained(store: RetainedStore, clock: Clock) -> None:
    """Until cancelled, a thousand rows a write. A store that is away delays it and ends nothing. Several may."""
    while True:
        erased = 0
        try:
            while some := await store.erase_retained(clock.now_ms(), ERASED_AT_ONCE):
                erased += some
        except (QueueFullError, StoreFailedError) as away:
            _log.warning("store away", error=type(away).__name__)
        if erased:
            _log.info("retained erased", count=erased)
        await asyncio.sleep(EVERY_S)

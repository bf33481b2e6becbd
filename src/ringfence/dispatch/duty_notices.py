"""Look every few seconds whether a duty to retain metadata was declared or ended, and have accounts told."""

import asyncio
from typing import Final

import structlog

from ringfence.ports.store import QueueFullError, StoreFailedError
from ringfence.ports.wake import Wake
from ringfence.usecases.access.tell_duties import DutyNotices

EVERY_S: Final = 10.0

_log = structlog.get_logger(__name__)


async def tell_duties(notices: DutyNotices, wake: Wake) -> None:
    """Until cancelled. Several dispatchers may: the same told twice is told once."""
    while True:
        try:
            if await notices.round():
                wake.ring()
        except (ConnectionError, QueueFullError, StoreFailedError) as away:
            _log.warning("key service or store away", error=type(away).__name__)
        await asyncio.sleep(EVERY_S)

"""Look every few seconds whether something of an account was frozen, and have the account told."""

import asyncio
from typing import Final

import structlog

from ringfence.ports.store import QueueFullError, StoreFailedError
from ringfence.ports.wake import Wake
from ringfence.usecases.access.tell_notices import FreezeNotices

EVERY_S: Final = 2.0

_log = structlog.get_logger(__name__)


async def tell_freezes(notices: FreezeNotices, wake: Wake) -> None:
    """Until cancelled. Several dispatchers may: the same told twice is told once."""
    while True:
        try:
            if await notices.round():
                wake.ring()
        except (QueueFullError, StoreFailedError) as away:
            _log.warning("store away", error=type(away).__name__)
        await asyncio.sleep(EVERY_S)

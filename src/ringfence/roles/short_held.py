"""Empty what holds opened keys for a moment, while a role runs."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from ringfence.domain.sealing.short_held import EVERY_S, forget_expired


@contextlib.asynccontextmanager
async def letting_go(every_s: float = EVERY_S) -> AsyncIterator[None]:
    """What is past its time is gone `every_s` seconds later at the latest."""
    task = asyncio.create_task(_let_go(every_s))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _let_go(every_s: float) -> None:
    while True:
        await asyncio.sleep(every_s)
        forget_expired()

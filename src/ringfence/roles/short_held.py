"""Let go of keys and texts that a role would else keep for no use, while it runs."""

import asyncio
import contextlib
import gc
import time
from collections.abc import AsyncIterator

from ringfence.domain.sealing.short_held import EVERY_S, forget_expired
from ringfence.roles.read_buffer import ReadBuffer

# Of a process's time, collections take one part in so many at most.
COLLECTING_PART = 100


@contextlib.asynccontextmanager
async def letting_go(every_s: float = EVERY_S) -> AsyncIterator[None]:
    """What is past its time is gone `every_s` seconds later at the latest: opened keys, cycles, and what was read last.

    A request that fails leaves a cycle of its exception and its frames, with the texts in them, and a collector that
    waits for many objects finds it late. Where a collection takes long, for there is much, it comes less often.
    """
    task = asyncio.create_task(_let_go(every_s), name="letting go")
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _let_go(every_s: float) -> None:
    read = await ReadBuffer.opened()
    collect_at_s = 0.0
    try:
        while True:
            await asyncio.sleep(every_s)
            forget_expired()
            read.overwrite()
            began_s = time.monotonic()
            if began_s >= collect_at_s:
                gc.collect()
                ended_s = time.monotonic()
                collect_at_s = ended_s + COLLECTING_PART * (ended_s - began_s)
    finally:
        read.close()

"""Patience with a service that is away for a moment, because it is being started again: a call outlives that."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

WITHIN_S = 5.0
RETRY_S = 0.1

T = TypeVar("T")


async def patiently(ask: Callable[[], Awaitable[T]], *, within_s: float = WITHIN_S) -> T:
    """The answer, asked for again while the other side is away; ConnectionError where it stays away."""
    loop = asyncio.get_running_loop()
    until_s = loop.time() + within_s
    while True:
        try:
            return await ask()
        except ConnectionError:
            if loop.time() >= until_s:
                raise
        await asyncio.sleep(RETRY_S)

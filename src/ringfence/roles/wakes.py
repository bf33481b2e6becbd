"""Who is told that the store has news: dispatchers and voice of this machine by a socket, others through PostgreSQL."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence

from ringfence.domain.clock import Clock
from ringfence.ipc.doorbell import Doorbell, DoorbellListener
from ringfence.ports.wake import Wake
from ringfence.roles.settings import Settings
from ringfence.roles.stores import dispatcher_name


class Wakes:
    """A `ports.wake.Wake` that rings several."""

    def __init__(self, wakes: Sequence[Wake]) -> None:
        self._wakes = tuple(wakes)

    def ring(self) -> None:
        for wake in self._wakes:
            wake.ring()


@contextlib.asynccontextmanager
async def every_dispatcher(settings: Settings) -> AsyncIterator[Wake]:
    """For a process that is no dispatcher: the wake of all that share its store."""
    doorbell = Doorbell(settings.socket("wake"))
    try:
        async with _others(settings) as others:
            yield Wakes([doorbell, *others])
    finally:
        doorbell.close()


@contextlib.asynccontextmanager
async def other_dispatchers(settings: Settings, clock: Clock, heard: Callable[[], None]) -> AsyncIterator[Wake]:
    """For a dispatcher: the wake of all others, which see meanwhile that it lives.

    `heard` is called for every ring of another process, and when events of a dead dispatcher are there to be taken.
    """
    async with DoorbellListener(settings.socket("wake")) as doorbell, _others(settings, clock, heard) as others:
        relaying = asyncio.create_task(_relay(doorbell, heard), name="doorbell")
        try:
            yield Wakes(others)
        finally:
            await _end(relaying)


@contextlib.asynccontextmanager
async def every_voice(settings: Settings) -> AsyncIterator[Wake]:
    """For whoever makes calls or changes live ones: the wake of all voice processes that share the store."""
    doorbell = Doorbell(settings.socket("voice-wake"))
    try:
        async with _voices(settings) as others:
            yield Wakes([doorbell, *others])
    finally:
        doorbell.close()


@contextlib.asynccontextmanager
async def voice_rung(settings: Settings, heard: Callable[[], None]) -> AsyncIterator[None]:
    """For a voice process: `heard` is called for every ring, and whenever one may have been missed."""
    async with DoorbellListener(settings.socket("voice-wake")) as doorbell, _voices(settings, heard):
        relaying = asyncio.create_task(_relay(doorbell, heard), name="doorbell")
        try:
            yield
        finally:
            await _end(relaying)


@contextlib.asynccontextmanager
async def _voices(settings: Settings, heard: Callable[[], None] | None = None) -> AsyncIterator[list[Wake]]:
    """The voices' bell of the database; none on SQLite."""
    if not settings.database_url:
        yield []
        return
    # asyncpg is there only where PostgreSQL is wanted.
    from ringfence.store.postgres_bell import VOICE_CHANNEL, PostgresBell

    bell = PostgresBell(settings.database_url, heard, channel=VOICE_CHANNEL)
    running = asyncio.create_task(bell.run(), name="voices' database bell")
    try:
        yield [bell]
    finally:
        await _end(running)


@contextlib.asynccontextmanager
async def _others(
    settings: Settings, clock: Clock | None = None, heard: Callable[[], None] | None = None
) -> AsyncIterator[list[Wake]]:
    """The bell of the database; none on SQLite, which serves one machine. `clock` and `heard` are a dispatcher's."""
    if not settings.database_url:
        yield []
        return
    # asyncpg is there only where PostgreSQL is wanted.
    from ringfence.store.postgres_bell import PostgresBell
    from ringfence.store.postgres_presence import PostgresPresence

    presence = None if clock is None else PostgresPresence(dispatcher_name(settings), clock)
    bell = PostgresBell(settings.database_url, heard, presence)
    running = asyncio.create_task(bell.run(), name="database bell")
    try:
        yield [bell]
    finally:
        await _end(running)


async def _relay(doorbell: DoorbellListener, heard: Callable[[], None]) -> None:
    while True:
        await doorbell.wait()
        heard()


async def _end(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

"""A ring is heard by every other process on the database, whatever becomes of the connection between."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

from ringfence.store.postgres_bell import PostgresBell
from ringfence.store.postgres_connection import connect

if TYPE_CHECKING:
    from ringfence.testing.postgres_server import PostgresServer


class Ear:
    """Counts what is heard."""

    def __init__(self) -> None:
        self.times = 0

    def hear(self) -> None:
        self.times += 1

    async def until(self, times: int, limit_s: float = 5) -> None:
        async with asyncio.timeout(limit_s):
            while self.times < times:
                await asyncio.sleep(0.002)


@contextlib.asynccontextmanager
async def running(*bells: PostgresBell) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(bell.run()) for bell in bells]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def listening(url: str, ear: Ear) -> None:
    """Wait for the first call, which tells that it listens now."""
    await ear.until(1)
    ear.times = 0


def test_the_others_hear_a_ring_at_once_and_the_ringer_does_not(postgres_url: str, run: Callable[..., Any]) -> None:
    async def story() -> None:
        ears = [Ear(), Ear(), Ear()]
        bells = [PostgresBell(postgres_url, ear.hear) for ear in ears]
        async with running(*bells):
            for ear in ears:
                await listening(postgres_url, ear)
            started = time.monotonic()
            bells[0].ring()
            await asyncio.gather(ears[1].until(1), ears[2].until(1))
            assert time.monotonic() - started < 0.5
            await asyncio.sleep(0.05)
            assert [ear.times for ear in ears] == [0, 1, 1]

    run(story())


def test_a_burst_is_told_in_a_few_words_without_content(postgres_url: str, run: Callable[..., Any]) -> None:
    async def story() -> None:
        told: list[object] = []
        listener = await connect(postgres_url)
        await listener.add_listener("ringfence", lambda *what: told.append(what[3]))
        bell = PostgresBell(postgres_url)
        async with running(bell):
            until = time.monotonic() + 0.3
            while time.monotonic() < until:
                bell.ring()
                await asyncio.sleep(0)
            await asyncio.sleep(0.1)
        await listener.close()
        assert 2 <= len(told) <= 40
        assert set(told) == {""}

    run(story())


def test_after_the_connection_was_lost_it_listens_again_and_says_that_something_may_have_been_missed(
    postgres_server: "PostgresServer", postgres_url: str, run: Callable[..., Any]
) -> None:
    async def story() -> None:
        ear = Ear()
        one, other = PostgresBell(postgres_url), PostgresBell(postgres_url, ear.hear)
        async with running(one, other):
            await listening(postgres_url, ear)
            await asyncio.to_thread(
                postgres_server.run,
                "postgres",
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'ringfence'",
            )
            await ear.until(1)
            ear.times = 0
            one.ring()
            await ear.until(1)

    run(story())


def test_without_a_server_ringing_is_silent(run: Callable[..., Any]) -> None:
    async def story() -> None:
        bell = PostgresBell("postgresql://someone:hunter2@/nowhere?host=/nonexistent")
        async with running(bell):
            bell.ring()
            await asyncio.sleep(0.15)
        assert "hunter2" not in repr(bell)

    run(story())

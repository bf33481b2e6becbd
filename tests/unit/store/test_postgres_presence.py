"""Events that a dead dispatcher had in hand come back at once; those of a living one do not."""

import asyncio
import hashlib
from collections.abc import Callable
from typing import Any

from ringfence.domain.clock import ManualClock
from ringfence.domain.message import Direction, Status
from ringfence.ports.store import MessageRow, NewEvent
from ringfence.store.postgres import PostgresStore
from ringfence.store.postgres_connection import connect
from ringfence.store.postgres_presence import CLASS, SEARCH_EVERY, PostgresPresence

TTL = 120_000


def text(n: int, now_ms: int) -> MessageRow:
    return MessageRow(
        account="AC" + "a" * 32,
        sid=f"SM{n:032x}",
        direction=Direction.OUTBOUND_API,
        status=Status.DELIVERED,
        local="+12025550123",
        remote_index=b"i",
        remote_region="US",
        epoch=1,
        content=b"sealed",
        num_segments=1,
        created_ms=now_ms,
        updated_ms=now_ms,
        carrier="simulator",
    )


async def opened_with_events_of(url: str, clock: ManualClock, *owners: str) -> PostgresStore:
    """A store in which each owner has one event in hand."""
    store = PostgresStore(url)
    await store.open()
    for n, owner in enumerate(owners):
        now_ms = clock.now_ms()
        await store.accept(text(n, now_ms), [NewEvent(kind="message.delivered", sequence=0, at_ms=now_ms)])
        assert len(await store.take_events(owner, now_ms, TTL, 5)) == 1
    return store


def test_what_a_dispatcher_had_in_hand_comes_back_when_it_is_missing_twice(
    postgres_url: str, clock: ManualClock, run: Callable[..., Any]
) -> None:
    async def story() -> None:
        store = await opened_with_events_of(postgres_url, clock, "dead", "alive")
        one, other, dead = [await connect(postgres_url) for _ in range(3)]
        watching, alive, dying = (PostgresPresence(owner, clock) for owner in ("watching", "alive", "dead"))
        for presence, connection in ((dying, dead), (alive, other), (watching, one)):
            presence.arrive()
            await presence.look(connection)
        assert not await watching.look(one)
        await dead.close()
        await asyncio.sleep(0.05)
        assert not await watching.look(one)
        assert await store.take_events("watching", clock.now_ms(), TTL, 5) == []
        assert await watching.look(one)
        assert [event.message_sid for event in await store.take_events("watching", clock.now_ms(), TTL, 5)] == [
            text(0, 0).sid
        ]
        assert not await watching.look(one)
        for connection in (one, other):
            await connection.close()
        await store.close()

    run(story())


def test_one_that_lost_its_connection_for_a_moment_keeps_what_it_has(
    postgres_url: str, clock: ManualClock, run: Callable[..., Any]
) -> None:
    async def story() -> None:
        store = await opened_with_events_of(postgres_url, clock, "flapping")
        one, other = await connect(postgres_url), await connect(postgres_url)
        watching, flapping = PostgresPresence("watching", clock), PostgresPresence("flapping", clock)
        for presence, connection in ((flapping, other), (watching, one)):
            presence.arrive()
            await presence.look(connection)
        await watching.look(one)
        await other.close()
        await asyncio.sleep(0.05)
        assert not await watching.look(one)
        other = await connect(postgres_url)
        flapping.arrive()
        await flapping.look(other)
        assert not await watching.look(one)
        assert not await watching.look(one)
        assert await store.take_events("watching", clock.now_ms(), TTL, 5) == []
        for connection in (one, other):
            await connection.close()
        await store.close()

    run(story())


def test_one_that_starts_finds_what_the_dead_left_before_it_came(
    postgres_url: str, clock: ManualClock, run: Callable[..., Any]
) -> None:
    async def story() -> None:
        store = await opened_with_events_of(postgres_url, clock, "dead")
        connection = await connect(postgres_url)
        presence = PostgresPresence("new", clock)
        presence.arrive()
        assert [await presence.look(connection) for _ in range(3)] == [False, True, False]
        assert len(await store.take_events("new", clock.now_ms(), TTL, 5)) == 1
        await connection.close()
        await store.close()

    run(story())


def test_what_is_left_by_one_that_was_never_seen_is_found_a_little_later(
    postgres_url: str, clock: ManualClock, run: Callable[..., Any]
) -> None:
    async def story() -> None:
        store = await opened_with_events_of(postgres_url, clock)
        connection = await connect(postgres_url)
        presence = PostgresPresence("watching", clock)
        presence.arrive()
        assert [await presence.look(connection) for _ in range(2)] == [False, False]
        left = await opened_with_events_of(postgres_url, clock, "came and went")
        assert [await presence.look(connection) for _ in range(SEARCH_EVERY)] == [False] * (SEARCH_EVERY - 1) + [True]
        await connection.close()
        await left.close()
        await store.close()

    run(story())


def test_a_sign_of_life_is_held_once_however_often_it_is_shown(
    postgres_url: str, clock: ManualClock, run: Callable[..., Any]
) -> None:
    async def story() -> None:
        connection = await connect(postgres_url)
        presence = PostgresPresence("here", clock)
        presence.arrive()
        for _ in range(3):
            await presence.look(connection)
        key = int.from_bytes(hashlib.sha256(b"here").digest()[:4], "big", signed=True)
        assert await connection.fetchval("SELECT pg_advisory_unlock($1::int, $2::int)", CLASS, key)
        assert not await connection.fetchval("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
        await connection.close()

    run(story())

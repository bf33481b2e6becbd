"""Stores on a disk: how many writes may wait, and what becomes of them, and of the store, at the close."""

import asyncio

import pytest

from ringfence.ports.store import MessageFilter, QueueFullError, StoreFailedError
from ringfence.store.postgres import PostgresStore
from ringfence.store.sqlite import SqliteStore


@pytest.fixture(params=["sqlite", "postgres"])
def make(request, tmp_path):
    """Make a store, not yet open; again makes another one on the same rows."""
    if request.param == "sqlite":
        return lambda **options: SqliteStore(tmp_path / "ringfence.db", **options)
    url = request.getfixturevalue("postgres_url")
    return lambda **options: PostgresStore(url, **options)


async def opened(store):
    await store.open()
    return store


async def test_more_than_the_bound_is_refused_at_once(make, text):
    store = await opened(make(pending_limit=10))
    ends = await asyncio.gather(*(store.accept(text()) for _ in range(30)), return_exceptions=True)
    assert ends.count(True) == 10
    assert sum(isinstance(end, QueueFullError) for end in ends) == 20
    assert await store.accept(text()) is True
    await store.close()


async def test_what_is_pending_at_the_close_is_written(make, text):
    store = await opened(make())
    rows = [text() for _ in range(300)]
    writes = [asyncio.create_task(store.accept(row)) for row in rows]
    await asyncio.sleep(0)
    await store.close()
    assert await asyncio.gather(*writes) == [True] * 300
    again = await opened(make())
    assert len(await again.messages(rows[0].account, MessageFilter(), limit=1_000)) == 300
    await again.close()


async def test_a_closed_store_says_so_and_can_be_opened_again(make, text):
    store = await opened(make())
    row = text()
    await store.accept(row)
    await store.close()
    with pytest.raises(StoreFailedError):
        await store.accept(text())
    with pytest.raises(StoreFailedError):
        await store.message(row.account, row.sid)
    await store.open()
    await store.open()
    assert await store.message(row.account, row.sid) == row
    await store.close()
    await store.close()

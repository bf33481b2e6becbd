"""PostgreSQL: what two processes do at the same moment, step by step."""

import asyncio

from ringfence.domain.message import Status
from ringfence.ports.store import Outcome, Settlement
from ringfence.store.postgres import PostgresStore
from ringfence.store.postgres_connection import connect
from ringfence.store.postgres_messages import _accept, _acknowledge

NOW = 1_700_000_100_000
TTL = 10_000


def moved(row, status):
    return Outcome(account=row.account, sid=row.sid, status=status, at_ms=NOW)


async def test_a_queue_seen_empty_while_a_text_is_in_flight_still_comes_up(postgres_url, text):
    store = PostgresStore(postgres_url)
    await store.open()
    gone, new = text(), text()
    await store.accept(gone)
    await store.acknowledge(None, [moved(gone, Status.SENT)])
    other = await connect(postgres_url)
    await other.execute("BEGIN")
    assert await _accept(other, [(new, ())]) == [True]
    assert await store.lease("d", "simulator", NOW, TTL, 5) == []
    await other.execute("COMMIT")
    await other.close()
    (lease,) = await store.lease("d", "simulator", NOW, TTL, 5)
    assert await store.due(lease, NOW, 5) == [new]
    await store.close()


async def test_an_event_written_while_the_one_before_is_settled_is_taken_next(postgres_url, text):
    store = PostgresStore(postgres_url)
    await store.open()
    row = text(has_callback=True)
    await store.accept(row)
    await store.acknowledge(None, [moved(row, Status.SENT)])
    (first,) = await store.take_events("d", NOW, TTL, 5)
    other = await connect(postgres_url)
    await other.execute("BEGIN")
    assert await _acknowledge(other, [(None, [moved(row, Status.DELIVERED)])]) == [[True]]
    done = Settlement(event_id=first.id, account=row.account, state="done", at_ms=NOW)
    settling = asyncio.create_task(store.settle_events([done]))
    await asyncio.sleep(0.2)
    await other.execute("COMMIT")
    await other.close()
    await settling
    assert [event.kind for event in await store.take_events("d", NOW, TTL, 5)] == ["message.delivered"]
    await store.close()

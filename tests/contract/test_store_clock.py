"""A clock that was set back: nothing waits for a time that comes a second time."""

import asyncio

import pytest

from ringfence.ports.store import NewEvent, Settlement, StaleFenceError

NOW = 1_700_000_000_000
HOUR = 3_600_000
TTL = 1_500
BACK = NOW - HOUR


async def leased(store, owner="d1", now_ms=BACK):
    (lease,) = await store.lease(owner, "simulator", now_ms, TTL, 10)
    return lease


async def test_texts_that_waited_are_due_at_once_ahead_of_newer_ones_and_in_their_order(store, text):
    old = [text(created_ms=NOW + n, due_ms=NOW + n) for n in (1, 2, 3)]
    for row in old:
        await store.accept(row)
    new = text(created_ms=BACK + 100, due_ms=BACK + 100)
    await store.accept(new)
    assert await store.clock_set_back(lambda: BACK + 200, TTL) == 3
    assert await store.clock_set_back(lambda: BACK + 200, TTL) == 0
    lease = await leased(store, now_ms=BACK + 200)
    assert [row.sid for row in await store.due(lease, BACK + 200, 10)] == [row.sid for row in (*old, new)]


async def test_what_another_process_accepts_meanwhile_keeps_its_place(store, text):
    old, new = (text(created_ms=at_ms, due_ms=at_ms) for at_ms in (BACK - 5, BACK + 1_000))
    for row in (old, new):
        await store.accept(row)
    await store.clock_set_back(lambda: BACK, TTL)
    lease = await leased(store)
    assert [row.sid for row in await store.due(lease, BACK + 1_000, 10)] == [old.sid, new.sid]


async def test_the_clock_is_read_when_the_write_has_its_turn(store, text):
    """Not before: what is accepted until then would be taken for a text of a time to come."""
    old = text(created_ms=BACK, due_ms=BACK)
    await store.accept(old)
    now_ms = BACK
    new = text(created_ms=BACK + HOUR, due_ms=BACK + HOUR)
    accepting = asyncio.ensure_future(store.accept(new))
    mending = asyncio.ensure_future(store.clock_set_back(lambda: now_ms, TTL))
    now_ms = BACK + HOUR
    await asyncio.gather(accepting, mending)
    lease = await leased(store, now_ms=now_ms)
    assert [row.sid for row in await store.due(lease, now_ms, 10)] == [old.sid, new.sid]


async def test_a_queue_of_nothing_but_texts_to_come_is_leased(store, text):
    row = text(created_ms=NOW, due_ms=NOW)
    await store.accept(row)
    assert await store.lease("d1", "simulator", BACK, TTL, 10) == []
    await store.clock_set_back(lambda: BACK, TTL)
    assert [found.sid for found in await store.due(await leased(store), BACK, 10)] == [row.sid]


async def test_scheduled_texts_keep_their_time(store, text):
    row = text(created_ms=NOW, due_ms=NOW + HOUR)
    await store.accept(row)
    await store.clock_set_back(lambda: BACK, TTL)
    assert await store.lease("d1", "simulator", NOW + HOUR - 1, TTL, 10) == []
    lease = await leased(store, now_ms=NOW + HOUR)
    assert [found.sid for found in await store.due(lease, NOW + HOUR, 10)] == [row.sid]


async def test_a_dead_dispatchers_lease_of_the_time_to_come_ends_with_its_span(store, text):
    await store.accept(text(created_ms=BACK - HOUR, due_ms=BACK - HOUR))
    stale = await leased(store, "dead", NOW)
    await store.clock_set_back(lambda: BACK, TTL)
    assert await store.lease("d2", "simulator", BACK + TTL - 1, TTL, 10) == []
    assert (await leased(store, "d2", BACK + TTL)).fence == stale.fence + 1
    with pytest.raises(StaleFenceError):
        await store.acknowledge(stale, [])


async def test_a_lease_of_now_is_left_alone(store, text):
    await store.accept(text(created_ms=BACK - HOUR, due_ms=BACK - HOUR))
    lease = await leased(store)
    await store.clock_set_back(lambda: BACK + 100, TTL)
    assert await store.lease("d2", "simulator", BACK + TTL - 1, TTL, 10) == []
    assert len(await store.due(lease, BACK + 100, 10)) == 1


async def test_events_that_happened_in_the_time_to_come_are_due_at_once_in_their_order(store, text):
    row = text(created_ms=BACK)
    await store.accept(row, [NewEvent(kind="message.sent", sequence=n, at_ms=NOW + n) for n in (1, 2)])
    assert await store.take_events("d1", BACK, TTL, 10) == []
    await store.clock_set_back(lambda: BACK, TTL)
    for sequence in (1, 2):
        (event,) = await store.take_events("d1", BACK, TTL, 10)
        assert event.sequence == sequence
        await store.settle_events([Settlement(event_id=event.id, account=row.account, state="done")])
    assert await store.take_events("d1", NOW + HOUR, TTL, 10) == []


async def test_an_event_that_is_put_off_or_in_hand_comes_within_an_hour_and_not_at_once(store, text):
    rows = [text(created_ms=BACK - HOUR) for _ in range(2)]
    for row in rows:
        await store.accept(row, [NewEvent(kind="message.sent", sequence=1, at_ms=BACK - HOUR)])
    put_off, in_hand = await store.take_events("dead", NOW, 2 * HOUR, 10)
    await store.defer_events([put_off], NOW + HOUR)
    await store.clock_set_back(lambda: BACK, TTL)
    assert await store.take_events("d1", BACK + HOUR - 1, TTL, 10) == []
    assert {event.id for event in await store.take_events("d1", BACK + HOUR, TTL, 10)} == {put_off.id, in_hand.id}


async def test_where_the_clock_did_not_go_back_nothing_changes(store, text):
    rows = [text(created_ms=BACK, due_ms=BACK), text(created_ms=BACK, due_ms=NOW)]
    for row in rows:
        await store.accept(row, [NewEvent(kind="message.sent", sequence=1, at_ms=BACK)])
    (event, _) = await store.take_events("d1", BACK, TTL, 10)
    await store.defer_events([event], BACK + 5)
    await store.clock_set_back(lambda: BACK + 1, TTL)
    assert [found.id for found in await store.take_events("d1", BACK + 4, TTL, 10)] == []
    assert [found.id for found in await store.take_events("d1", BACK + 5, TTL, 10)] == [event.id]
    lease = await leased(store, now_ms=BACK + 1)
    assert [row.sid for row in await store.due(lease, BACK + 1, 10)] == [rows[0].sid]

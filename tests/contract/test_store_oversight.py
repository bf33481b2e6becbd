"""What an operator sees of all accounts: how much waits, and how much each one sends."""

from tests.contract.conftest import ACCOUNT, NOW, OTHER

from ringfence.domain import call
from ringfence.domain.message import Direction, Status
from ringfence.ports.oversight import DAY_MS, Backlog, DayCount
from ringfence.ports.store import NewEvent, Settlement

TODAY = NOW // DAY_MS * DAY_MS


async def test_nothing_waits_where_nothing_is(store):
    assert await store.backlog() == Backlog(texts=0, oldest_text_ms=None, events=0, dead_events=0, live_calls=0)
    assert await store.texts_by_day(ACCOUNT, 0, NOW) == []


async def test_the_backlog_is_that_of_all_accounts(store, text, ring):
    event = NewEvent(kind="message.queued", sequence=1, at_ms=NOW)
    await store.accept(text(sid="SM1", created_ms=NOW), [event])
    await store.accept(text(sid="SM2", account=OTHER, created_ms=NOW - 5_000, due_ms=NOW - 5_000), [event])
    await store.accept(text(sid="SM3", status=Status.DELIVERED, created_ms=NOW - 9_000))
    await store.create_call(ring(sid="CA1"))
    await store.create_call(ring(sid="CA2", account=OTHER, status=call.Status.COMPLETED))
    first, _ = await store.take_events("dispatcher", NOW, 1_000, 2)
    await store.settle_events([Settlement(event_id=first.id, account=first.account, state="dead")])
    found = await store.backlog()
    assert (found.texts, found.oldest_text_ms) == (2, NOW - 5_000)
    assert (found.events, found.dead_events, found.live_calls) == (1, 1, 1)


async def test_texts_are_counted_by_day_direction_and_status_the_latest_day_first(store, text):
    yesterday = TODAY - DAY_MS
    for sid, at_ms, status in [
        ("SM1", TODAY, Status.QUEUED),
        ("SM2", TODAY + 1, Status.QUEUED),
        ("VL3", TODAY - 1, Status.DELIVERED),
        ("SM4", yesterday - 1, Status.DELIVERED),
    ]:
        await store.accept(text(sid=sid, created_ms=at_ms, due_ms=at_ms, status=status))
    await store.accept(text(sid="SM5", direction=Direction.INBOUND, status=Status.RECEIVED, created_ms=TODAY))
    await store.accept(text(sid="SM6", account=OTHER, created_ms=TODAY))
    assert await store.texts_by_day(ACCOUNT, yesterday, TODAY + DAY_MS) == [
        DayCount(day_ms=TODAY, inbound=False, status=Status.QUEUED, count=2),
        DayCount(day_ms=TODAY, inbound=True, status=Status.RECEIVED, count=1),
        DayCount(day_ms=yesterday, inbound=False, status=Status.DELIVERED, count=1),
    ]
    assert [each.count for each in await store.texts_by_day(ACCOUNT, TODAY, TODAY + 1)] == [1, 1]

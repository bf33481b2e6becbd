"""What an operator sees of all accounts: how much waits."""

from tests.contract.conftest import NOW, OTHER

from ringfence.domain import call
from ringfence.domain.message import Status
from ringfence.ports.oversight import Backlog
from ringfence.ports.store import NewEvent, Settlement


async def test_nothing_waits_where_nothing_is(store):
    assert await store.backlog() == Backlog(texts=0, oldest_text_ms=None, events=0, dead_events=0, live_calls=0)


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

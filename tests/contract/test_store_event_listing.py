"""Pages of an account's events, the newest first, by state and time, with the last attempt at each."""

from dataclasses import dataclass

from tests.contract.test_store_outbox import NOW, accept, event, settled, take

from ringfence.ports.outbox import EventFilter
from ringfence.ports.store import EventRow
from ringfence.store import postgres_outbox, sqlite_outbox

OTHER = "AC" + "b" * 32


@dataclass
class Told:
    """An account's five events by when they happened, as they were at first; each is of a text of its own."""

    account: str
    events: list[EventRow]

    async def ids(self, store, state=None, *, limit=50, before=None, **bounds):
        """The places of those listed: 0 for what happened first."""
        found = await store.latest_events(self.account, EventFilter(state=state, **bounds), before=before, limit=limit)
        by_id = {each.id: place for place, each in enumerate(self.events)}
        return [by_id[each.id] for each in found]


async def tell(store, text):
    """Of the five the first is dead, the second done, the third was tried once; two happened in one millisecond."""
    # Not in the order in which they are written: a carrier may tell late.
    for at_ms in (NOW + 2, NOW, NOW + 1, NOW + 3, NOW + 3):
        row = await accept(store, text, event(0, at_ms))
    await accept(store, text, event(0), account=OTHER)
    taken = sorted(await take(store, NOW + 3), key=lambda each: (each.at_ms, each.id))
    events = [each for each in taken if each.account == row.account]
    dead, done, waits, *_ = events
    await store.settle_events([settled(waits, "pending", due_ms=NOW + 9, http_status=503, at_ms=NOW + 4)])
    await store.settle_events([settled(dead, "pending", due_ms=NOW + 9, http_status=500, at_ms=NOW + 5)])
    await store.settle_events([settled(dead, "dead", error_code=11_200, at_ms=NOW + 6, detail=b"sealed")])
    await store.settle_events([settled(done, http_status=200, duration_ms=7, at_ms=NOW + 7)])
    return Told(row.account, events)


async def test_events_are_listed_by_when_they_happened_the_newest_first(store, text):
    told = await tell(store, text)
    assert await told.ids(store) == [4, 3, 2, 1, 0]
    assert len(await store.latest_events(OTHER, EventFilter())) == 1


async def test_events_are_listed_by_state(store, text):
    told = await tell(store, text)
    assert await told.ids(store, "dead") == [0]
    assert await told.ids(store, "done") == [1]
    assert await told.ids(store, "pending") == [4, 3, 2]
    await store.replay(told.account, told.events[0].id, NOW + 20)
    assert await told.ids(store, "dead") == []
    assert await told.ids(store, "pending") == [4, 3, 2, 0]


async def test_of_many_that_wait_the_same_are_listed(store, text, monkeypatch):
    told = await tell(store, text)
    for module in (postgres_outbox, sqlite_outbox):
        monkeypatch.setattr(module, "FEW", 2)
    assert await told.ids(store, "pending") == [4, 3, 2]
    assert await told.ids(store, "pending", limit=2, to_ms=NOW + 3) == [2]


async def test_events_are_listed_of_a_time_half_open(store, text):
    told = await tell(store, text)
    assert await told.ids(store, from_ms=NOW + 1, to_ms=NOW + 3) == [2, 1]
    assert await told.ids(store, "pending", from_ms=NOW + 3) == [4, 3]
    assert await told.ids(store, "dead", from_ms=NOW + 1) == []
    assert await told.ids(store, "dead", to_ms=NOW) == []


async def test_each_event_is_on_one_page_though_others_are_erased_meanwhile(store, text):
    told = await tell(store, text)
    first, second = await store.latest_events(told.account, EventFilter(), limit=2)
    await store.delete_message(told.account, second.message_sid)
    for state in (None, "pending"):
        for before in (first, second):
            assert await told.ids(store, state, before=(before.at_ms, before.id), limit=1) == [2]


async def test_the_last_attempt_of_each_is_told_without_what_was_said(store, text):
    told = await tell(store, text)
    last = await store.last_attempts(told.account, [*told.events, told.events[0]])
    assert [each and (each.state, each.at_ms, each.error_code, each.http_status) for each in last] == [
        ("dead", NOW + 6, 11_200, None),
        ("done", NOW + 7, None, 200),
        ("pending", NOW + 4, None, 503),
        None,
        None,
        ("dead", NOW + 6, 11_200, None),
    ]
    assert last[0].detail == b""
    assert (await store.attempts(told.account, told.events[0].message_sid))[-1].detail == b"sealed"
    assert await store.last_attempts(OTHER, told.events[:1]) == [None]
    assert await store.last_attempts(told.account, []) == []

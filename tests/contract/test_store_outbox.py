"""The outbox: events of one message strictly in order, leased, retried, given up, replayed."""

import pytest

from ringfence.domain.message import Direction, Status
from ringfence.ports.outbox import EventFilter
from ringfence.ports.store import NewEvent, Outcome, Settlement

NOW = 1_700_000_100_000
TTL = 10_000
DEAD = EventFilter(state="dead")


def event(sequence, at_ms=NOW):
    return NewEvent(kind="message.received", sequence=sequence, at_ms=at_ms)


def settled(row, state="done", **more):
    return Settlement(event_id=row.id, account=row.account, state=state, **more)


async def accept(store, text, *events, **fields):
    row = text(direction=Direction.INBOUND, status=Status.RECEIVED, **fields)
    await store.accept(row, events)
    return row


async def take(store, now_ms=NOW, limit=10, owner="d1"):
    return await store.take_events(owner, now_ms, TTL, limit)


async def test_an_event_is_pending_from_the_start(store, text):
    row = await accept(store, text, NewEvent(kind="message.received", sequence=4, at_ms=NOW, error_code=9, raw="r"))
    (found,) = await take(store)
    assert (found.account, found.message_sid, found.kind, found.sequence) == (
        row.account,
        row.sid,
        "message.received",
        4,
    )
    assert (found.at_ms, found.due_ms, found.attempts, found.state) == (NOW, NOW, 0, "pending")
    assert (found.error_code, found.raw) == (9, "r")
    assert await store.events(row.account, row.sid) == [found]


async def test_an_event_is_taken_once_until_its_lease_runs_out(store, text):
    await accept(store, text, event(0))
    (first,) = await take(store)
    assert await take(store, NOW + TTL - 1) == []
    assert await take(store, NOW + TTL - 1, owner="d2") == []
    (again,) = await take(store, NOW + TTL, owner="d2")
    assert again.id == first.id


async def test_nothing_is_taken_before_it_is_due(store, text):
    await accept(store, text, event(0, NOW + 5))
    assert await take(store, NOW + 4) == []
    assert len(await take(store, NOW + 5)) == 1


async def test_of_one_message_only_the_earliest_pending_event_is_taken(store, text):
    await accept(store, text, event(0), event(1), event(2))
    other = await accept(store, text, event(0))
    first, second = await take(store)
    assert (first.sequence, second.message_sid) == (0, other.sid)
    assert await take(store) == []
    await store.settle_events([settled(first)])
    (following,) = await take(store)
    assert following.sequence == 1


async def test_an_event_that_waits_for_its_next_attempt_holds_back_the_later_ones(store, text):
    await accept(store, text, event(0), event(1))
    (first,) = await take(store)
    await store.settle_events([settled(first, "pending", due_ms=NOW + 50)])
    assert await take(store, NOW + 49) == []
    (again,) = await take(store, NOW + 50)
    assert (again.id, again.attempts, again.due_ms) == (first.id, 1, NOW + 50)


async def test_an_event_given_up_lets_the_later_ones_go(store, text):
    row = await accept(store, text, event(0), event(1))
    (first,) = await take(store)
    await store.settle_events([settled(first, "dead")])
    (following,) = await take(store)
    assert following.sequence == 1
    assert [dead.id for dead in await store.latest_events(row.account, DEAD)] == [first.id]


async def test_news_that_come_later_wait_their_turn(store, text):
    row = text(has_callback=True)
    await store.accept(row)
    for status in (Status.SENT, Status.DELIVERED):
        await store.acknowledge(None, [Outcome(account=row.account, sid=row.sid, status=status, at_ms=NOW)])
    (first,) = await take(store)
    assert first.kind == "message.sent"
    assert await take(store) == []
    await store.settle_events([settled(first)])
    assert [found.kind for found in await take(store)] == ["message.delivered"]


async def test_the_longest_due_events_are_taken_first(store, text):
    for at_ms in (NOW - 1, NOW - 3, NOW - 2):
        await accept(store, text, event(0, at_ms))
    assert [found.at_ms for found in await take(store, limit=2)] == [NOW - 3, NOW - 2]


async def test_attempts_are_kept_in_order(store, text):
    row = await accept(store, text, event(0))
    (found,) = await take(store)
    first = settled(found, "pending", due_ms=NOW + 5, http_status=503, error_code=11200, duration_ms=12, at_ms=NOW)
    second = settled(found, "done", http_status=204, duration_ms=3, at_ms=NOW + 6)
    await store.settle_events([first])
    await store.settle_events([second])
    assert await store.attempts(row.account, row.sid) == [first, second]
    (event_now,) = await store.events(row.account, row.sid)
    assert (event_now.state, event_now.attempts) == ("done", 2)


async def test_settling_twice_is_a_no_op(store, text):
    row = await accept(store, text, event(0))
    (found,) = await take(store)
    await store.settle_events([settled(found)])
    await store.settle_events([settled(found, "dead"), settled(found, "pending", due_ms=NOW)])
    assert await take(store, NOW + TTL) == []
    assert len(await store.attempts(row.account, row.sid)) == 1


async def test_settling_in_one_call_is_settling_in_order(store, text):
    row = await accept(store, text, event(0))
    (found,) = await take(store)
    await store.settle_events([settled(found, "pending", due_ms=NOW + 1), settled(found), settled(found, "dead")])
    (event_now,) = await store.events(row.account, row.sid)
    assert (event_now.state, event_now.attempts) == ("done", 2)


@pytest.mark.parametrize("state", ["done", "dead"])
async def test_a_settled_event_can_be_replayed(store, text, state):
    row = await accept(store, text, event(0))
    (found,) = await take(store)
    assert await store.replay(row.account, found.id, NOW) is False
    await store.settle_events([settled(found, state)])
    assert await store.replay("AC" + "b" * 32, found.id, NOW) is False
    assert await store.replay(row.account, found.id, NOW + 7) is True
    assert await take(store, NOW + 6) == []
    (again,) = await take(store, NOW + 7)
    assert (again.id, again.attempts, again.due_ms) == (found.id, 0, NOW + 7)
    assert await store.latest_events(row.account, DEAD) == []


async def test_an_unknown_event_cannot_be_replayed(store):
    assert await store.replay("AC" + "a" * 32, 12345, NOW) is False


async def test_a_replayed_event_goes_before_the_later_ones(store, text):
    row = await accept(store, text, event(0), event(1), event(2))
    (first,) = await take(store)
    await store.settle_events([settled(first, "dead")])
    await store.replay(row.account, first.id, NOW)
    assert [found.sequence for found in await take(store)] == [0]
    await store.settle_events([settled(first)])
    assert [found.sequence for found in await take(store)] == [1]


async def test_another_accounts_settlement_is_left_alone(store, text):
    await accept(store, text, event(0))
    (found,) = await take(store)
    await store.settle_events([Settlement(event_id=found.id, account="AC" + "b" * 32, state="done")])
    assert len(await take(store, NOW + TTL)) == 1


async def test_an_event_erased_meanwhile_is_settled_in_silence(store, text):
    row = await accept(store, text, event(0))
    (found,) = await take(store)
    await store.delete_message(row.account, row.sid)
    await store.settle_events([settled(found)])
    assert await store.attempts(row.account, row.sid) == []


async def test_pending_news_keep_a_message_unfinished(store, text):
    row = await accept(store, text, event(0), event(1))
    for _ in range(2):
        assert await store.unfinished(row.account, row.epoch) == [(row.sid, row.due_ms)]
        (found,) = await take(store)
        await store.settle_events([settled(found)])
    assert await store.unfinished(row.account, row.epoch) == []


async def test_a_deferred_event_is_due_later_and_was_not_attempted(store, text):
    row = await accept(store, text, event(0), event(1))
    (first,) = await take(store)
    await store.defer_events([first], NOW + 50)
    assert await take(store, NOW + 49) == []
    (again,) = await take(store, NOW + 50)
    assert (again.id, again.attempts, again.due_ms) == (first.id, 0, NOW + 50)
    assert await store.attempts(row.account, row.sid) == []


async def test_a_settled_event_cannot_be_deferred(store, text):
    row = await accept(store, text, event(0))
    (first,) = await take(store)
    await store.settle_events([settled(first)])
    await store.defer_events([first], NOW)
    assert [found.state for found in await store.events(row.account, row.sid)] == ["done"]


async def test_an_owner_gives_back_what_it_took_and_nothing_else(store, text):
    await accept(store, text, event(0))
    await accept(store, text, event(0))
    (mine,) = await take(store, limit=1)
    (theirs,) = await take(store, owner="d2")
    await store.release_events("d1", NOW)
    (again,) = await take(store)
    assert (again.id, again.attempts) == (mine.id, 0)
    assert theirs.id != mine.id


async def test_a_replay_does_not_shorten_the_lease_of_a_later_event(store, text):
    await accept(store, text, event(0), event(1))
    (first,) = await take(store)
    await store.settle_events([settled(first)])
    (second,) = await take(store)
    await store.replay(first.account, first.id, NOW)
    (again,) = await take(store)
    assert again.id == first.id
    await store.settle_events([settled(again)])
    assert await take(store, NOW + TTL - 1) == []
    assert [found.id for found in await take(store, NOW + TTL)] == [second.id]


async def test_a_redaction_takes_what_was_said_in_attempts_past_and_to_come(store, text):
    row, other = await accept(store, text, event(0)), await accept(store, text, event(0))
    first, second = await take(store)
    said = settled(first, "pending", due_ms=NOW, detail=b"sealed")
    await store.settle_events([said, settled(second, detail=b"sealed")])
    assert (await store.attempts(row.account, row.sid))[0] == said
    await store.rewrite(row.account, row.sid, b"", at_ms=NOW, redacted=False)
    assert (await store.attempts(row.account, row.sid))[0].detail == b"sealed"
    await store.rewrite(row.account, row.sid, b"", at_ms=NOW, redacted=True)
    await store.settle_events([settled(first, detail=b"sealed later")])
    assert [attempt.detail for attempt in await store.attempts(row.account, row.sid)] == [b"", b""]
    assert [attempt.state for attempt in await store.attempts(row.account, row.sid)] == ["pending", "done"]
    assert [attempt.detail for attempt in await store.attempts(other.account, other.sid)] == [b"sealed"]


async def test_replays_do_not_heap_up_attempts(store, text):
    row, other = await accept(store, text, event(0)), await accept(store, text, event(0))
    first, second = await take(store)
    await store.settle_events([settled(second)])
    tries = [settled(first, "pending", http_status=500 + place) for place in range(70)]
    await store.settle_events([*tries, settled(first, "dead", http_status=204)])
    await store.replay(row.account, first.id, NOW)
    kept = await store.attempts(row.account, row.sid)
    assert [attempt.http_status for attempt in kept] == [*range(511, 570), 204]
    assert len(await store.attempts(other.account, other.sid)) == 1


async def accept_of(store, text, **counts):
    """So many events of each account, the earlier account's all before the later one's."""
    for account, count in counts.items():
        for _ in range(count):
            await accept(store, text, event(0), account=account)


async def taken(store, limit, **options):
    """Of how many each account something is taken."""
    counts = {}
    for row in await store.take_events("d1", NOW, TTL, limit, **options):
        counts[row.account] = counts.get(row.account, 0) + 1
    return counts


async def test_accounts_share_what_is_taken(store, text):
    await accept_of(store, text, AC1=20, AC2=1, AC3=5)
    assert await taken(store, 6) == {"AC1": 3, "AC2": 1, "AC3": 2}
    assert await taken(store, 8) == {"AC1": 5, "AC3": 3}
    assert await taken(store, 30) == {"AC1": 12}
    assert await taken(store, 30) == {}


async def test_one_account_gets_all_where_it_is_alone_and_in_order(store, text):
    await accept_of(store, text, AC1=12)
    rows = await store.take_events("d1", NOW, TTL, 10)
    assert len(rows) == 10
    assert [row.id for row in rows] == sorted(row.id for row in rows)


async def test_more_accounts_than_places_take_turns(store, text):
    await accept_of(store, text, AC1=3, AC2=3, AC3=3, AC4=3, AC5=1)
    assert [await taken(store, 2) for _ in range(4)] == [
        {"AC1": 1, "AC2": 1},
        {"AC3": 1, "AC4": 1},
        {"AC5": 1, "AC1": 1},
        {"AC2": 1, "AC3": 1},
    ]


async def test_nothing_is_taken_of_accounts_that_are_passed_over(store, text):
    await accept_of(store, text, AC1=5, AC2=1)
    assert await taken(store, 10, passing_over=["AC1", "AC9"]) == {"AC2": 1}
    assert await taken(store, 10, passing_over=["AC1"]) == {}
    assert await taken(store, 10) == {"AC1": 5}

"""Sender queues: who may send, what is due, in which order, and what becomes of it."""

import pytest

from ringfence.domain.message import Direction, Status
from ringfence.ports.store import Lease, Outcome, StaleFenceError

NOW = 1_700_000_100_000
TTL = 10_000


async def lease_one(store, owner="d1", now_ms=NOW, carrier="simulator"):
    (lease,) = await store.lease(owner, carrier, now_ms, TTL, 10)
    return lease


def sent(row, at_ms=NOW, **more):
    return Outcome(account=row.account, sid=row.sid, status=Status.SENT, at_ms=at_ms, **more)


async def sids(store, lease, now_ms=NOW, limit=100):
    return [row.sid for row in await store.due(lease, now_ms, limit)]


async def test_a_queue_with_something_due_is_leased(store, text):
    row = text()
    await store.accept(row)
    lease = await lease_one(store)
    assert (lease.account, lease.sender, lease.carrier) == (row.account, row.local, row.carrier)
    assert lease.until_ms == NOW + TTL
    assert await store.due(lease, NOW, 10) == [row]


async def test_nothing_accepted_means_nothing_to_lease(store):
    assert await store.lease("d1", "simulator", NOW, TTL, 10) == []


@pytest.mark.parametrize(
    ("direction", "status", "queued"),
    [
        (Direction.OUTBOUND_API, Status.ACCEPTED, True),
        (Direction.OUTBOUND_API, Status.QUEUED, True),
        (Direction.OUTBOUND_API, Status.SCHEDULED, True),
        (Direction.OUTBOUND_REPLY, Status.SENDING, True),
        (Direction.OUTBOUND_API, Status.SENT, False),
        (Direction.OUTBOUND_API, Status.FAILED, False),
        (Direction.INBOUND, Status.RECEIVED, False),
        (Direction.INBOUND, Status.RECEIVING, False),
    ],
)
async def test_only_what_is_still_to_be_sent_stands_in_a_queue(store, text, direction, status, queued):
    await store.accept(text(direction=direction, status=status))
    assert bool(await store.lease("d1", "simulator", NOW, TTL, 10)) is queued


async def test_a_lease_is_for_one_carrier(store, text):
    await store.accept(text(carrier="north"))
    assert await store.lease("d1", "south", NOW, TTL, 10) == []
    assert (await lease_one(store, carrier="north")).carrier == "north"


async def test_due_is_by_creation_then_by_acceptance(store, text):
    late, early = text(created_ms=NOW - 1), text(created_ms=NOW - 2)
    twins = [text(sid="SM" + c * 32, created_ms=NOW - 5) for c in "ca"]
    for row in (late, early, *twins):
        await store.accept(row)
    lease = await lease_one(store)
    assert await sids(store, lease) == [*(twin.sid for twin in twins), early.sid, late.sid]
    assert await sids(store, lease, limit=2) == [twin.sid for twin in twins]


async def test_what_is_scheduled_waits_for_its_time_and_holds_up_nobody(store, text):
    later = text(status=Status.SCHEDULED, due_ms=NOW + 1)
    now = text()
    await store.accept(later)
    assert await store.lease("d1", "simulator", NOW, TTL, 10) == []
    await store.accept(now)
    lease = await lease_one(store)
    assert await sids(store, lease) == [now.sid]
    assert await sids(store, lease, NOW + 1) == [now.sid, later.sid]


async def test_a_queue_of_scheduled_texts_is_leased_when_the_first_is_due(store, text):
    rows = [text(status=Status.SCHEDULED, due_ms=NOW + ms) for ms in (300, 100, 200)]
    for row in rows:
        await store.accept(row)
    assert await store.lease("d1", "simulator", NOW + 99, TTL, 10) == []
    lease = await lease_one(store, now_ms=NOW + 100)
    assert await sids(store, lease, NOW + 100) == [rows[1].sid]
    await store.acknowledge(lease, [sent(rows[1])])
    assert await store.lease("d1", "simulator", NOW + 199, TTL, 10) == []
    assert await sids(store, await lease_one(store, now_ms=NOW + 200), NOW + 200) == [rows[2].sid]


async def test_due_marks_nothing(store, text):
    row = text()
    await store.accept(row)
    lease = await lease_one(store)
    assert await sids(store, lease) == await sids(store, lease) == [row.sid]


async def test_the_longest_waiting_queue_is_leased_first(store, text):
    rows = [text(local=f"+1202555010{n}", created_ms=NOW - age) for n, age in enumerate((10, 30, 20))]
    for row in rows:
        await store.accept(row)
    leases = await store.lease("d1", "simulator", NOW, TTL, 2)
    assert [lease.sender for lease in leases] == [rows[1].local, rows[2].local]


async def test_the_order_of_queues_follows_what_is_left_in_them(store, text):
    old, young, other = text(created_ms=NOW - 30), text(created_ms=NOW - 10), text(local="+1", created_ms=NOW - 20)
    for row in (old, young, other):
        await store.accept(row)
    leases = await store.lease("d1", "simulator", NOW, TTL, 10)
    assert [lease.sender for lease in leases] == [old.local, "+1"]
    await store.acknowledge(leases[0], [sent(old)])
    assert [lease.sender for lease in await store.lease("d1", "simulator", NOW, TTL, 10)] == ["+1", old.local]


async def test_accounts_of_whom_fewest_are_in_hand_come_first(store, text):
    queues = [("ACbusy", f"+120255501{n:02}", 90 - n) for n in range(6)]
    queues += [("ACquiet", "+12025550201", 1), ("ACother", "+12025550301", 3), ("ACother", "+12025550302", 2)]
    for account, local, age in queues:
        await store.accept(text(account=account, local=local, created_ms=NOW - age))
    leases = await store.lease("d1", "simulator", NOW, TTL, 6, in_hand={"ACbusy": 1, "ACgone": 9})
    assert [(lease.account, lease.sender[-3:]) for lease in leases] == [
        ("ACother", "301"),
        ("ACquiet", "201"),
        ("ACbusy", "100"),
        ("ACother", "302"),
        ("ACbusy", "101"),
        ("ACbusy", "102"),
    ]
    assert [lease.sender[-3:] for lease in await store.lease("d2", "simulator", NOW, TTL, 2)] == ["103", "104"]


async def test_in_turn_too_the_order_follows_what_is_left_in_the_queues(store, text):
    old, young = text(created_ms=NOW - 30), text(created_ms=NOW - 10)
    others = [text(local="+1", created_ms=NOW - 20), text(account="ACquiet", created_ms=NOW - 15)]
    for row in (old, young, *others):
        await store.accept(row)
    (lease,) = await store.lease("d1", "simulator", NOW, TTL, 1, in_hand={})
    await store.acknowledge(lease, [sent(old)])
    await store.release(lease)
    leases = await store.lease("d1", "simulator", NOW, TTL, 9, in_hand={})
    assert [(lease.account, lease.sender) for lease in leases] == [
        (old.account, "+1"),
        ("ACquiet", others[1].local),
        (old.account, old.local),
    ]


async def test_a_live_lease_keeps_others_out(store, text):
    await store.accept(text())
    await lease_one(store, "d1")
    assert await store.lease("d2", "simulator", NOW + TTL - 1, TTL, 10) == []


async def test_a_lease_that_ran_out_is_taken_over_with_a_higher_fence(store, text):
    row = text()
    await store.accept(row)
    first = await lease_one(store, "d1")
    second = await lease_one(store, "d2", NOW + TTL)
    assert second.fence > first.fence
    with pytest.raises(StaleFenceError):
        await store.due(first, NOW, 10)
    with pytest.raises(StaleFenceError):
        await store.renew(first, NOW, TTL)
    assert await sids(store, second) == [row.sid]


async def test_a_stale_fence_writes_nothing(store, text):
    row = text(has_callback=True)
    await store.accept(row)
    first = await lease_one(store, "d1")
    await lease_one(store, "d2", NOW + TTL)
    with pytest.raises(StaleFenceError):
        await store.acknowledge(first, [sent(row, carrier_ref="r1")])
    assert await store.message(row.account, row.sid) == row
    assert await store.events(row.account, row.sid) == []


async def test_a_stale_acknowledgement_spoils_nobody_elses(store, text):
    import asyncio

    rows = [text(local="+1"), text(local="+2")]
    for row in rows:
        await store.accept(row)
    stale = {lease.sender: lease for lease in await store.lease("d1", "simulator", NOW, TTL, 10)}["+1"]
    fresh = {lease.sender: lease for lease in await store.lease("d2", "simulator", NOW + TTL, TTL, 10)}["+2"]
    lost, kept = await asyncio.gather(
        store.acknowledge(stale, [sent(rows[0])]), store.acknowledge(fresh, [sent(rows[1])]), return_exceptions=True
    )
    assert isinstance(lost, StaleFenceError)
    assert kept == [True]
    assert (await store.message(rows[0].account, rows[0].sid)).status is Status.QUEUED
    assert (await store.message(rows[1].account, rows[1].sid)).status is Status.SENT


async def test_the_holder_leases_again_with_the_same_fence_and_a_later_end(store, text):
    await store.accept(text())
    first = await lease_one(store)
    again = await lease_one(store, now_ms=NOW + 100)
    assert (again.fence, again.until_ms) == (first.fence, NOW + 100 + TTL)


async def test_queues_new_to_the_holder_come_before_those_it_holds(store, text):
    for local, age in (("+1", 30), ("+2", 20)):
        await store.accept(text(local=local, created_ms=NOW - age))
    assert [lease.sender for lease in await store.lease("d1", "simulator", NOW, TTL, 1)] == ["+1"]
    assert [lease.sender for lease in await store.lease("d1", "simulator", NOW, TTL, 1)] == ["+2"]
    assert [lease.sender for lease in await store.lease("d1", "simulator", NOW, TTL, 9)] == ["+1", "+2"]


async def test_a_renewed_lease_keeps_others_out_for_longer(store, text):
    row = text()
    await store.accept(row)
    lease = await lease_one(store, "d1")
    renewed = await store.renew(lease, NOW + 5_000, TTL)
    assert (renewed.fence, renewed.until_ms) == (lease.fence, NOW + 5_000 + TTL)
    assert await store.lease("d2", "simulator", NOW + TTL, TTL, 10) == []
    assert len(await store.lease("d2", "simulator", NOW + 5_000 + TTL, TTL, 10)) == 1


async def test_a_released_queue_is_free_at_once_and_its_lease_is_void(store, text):
    row = text()
    await store.accept(row)
    first = await lease_one(store, "d1")
    await store.release(first)
    with pytest.raises(StaleFenceError):
        await store.acknowledge(first, [sent(row)])
    with pytest.raises(StaleFenceError):
        await store.due(first, NOW, 10)
    with pytest.raises(StaleFenceError):
        await store.renew(first, NOW, TTL)
    assert (await lease_one(store, "d2")).fence > first.fence


async def test_releasing_a_stale_lease_disturbs_nobody(store, text):
    await store.accept(text())
    first = await lease_one(store, "d1")
    second = await lease_one(store, "d2", NOW + TTL)
    await store.release(first)
    assert await store.lease("d1", "simulator", NOW + TTL, TTL, 10) == []
    assert (await lease_one(store, "d2", NOW + TTL)).fence == second.fence


async def test_a_lease_of_a_queue_that_never_was_is_void(store):
    lease = Lease(account="AC", sender="+1", carrier="simulator", fence=0, until_ms=NOW)
    with pytest.raises(StaleFenceError):
        await store.due(lease, NOW, 1)
    with pytest.raises(StaleFenceError):
        await store.acknowledge(lease, [])
    await store.release(lease)


async def test_what_was_sent_leaves_the_queue(store, text):
    rows = [text(), text(), text()]
    for row in rows:
        await store.accept(row)
    lease = await lease_one(store)
    assert await store.acknowledge(lease, [sent(rows[0]), sent(rows[2])]) == [True, True]
    assert await sids(store, lease) == [rows[1].sid]


async def test_what_is_sending_still_stands_in_the_queue(store, text):
    row = text()
    await store.accept(row)
    lease = await lease_one(store)
    sending = Outcome(account=row.account, sid=row.sid, status=Status.SENDING, at_ms=NOW)
    assert await store.acknowledge(lease, [sending]) == [True]
    assert await sids(store, lease) == [row.sid]


async def test_a_lease_settles_only_its_own_queue(store, text):
    mine, strange = text(), text(local="+1")
    await store.accept(mine)
    lease = await lease_one(store)
    await store.accept(strange)
    assert await store.acknowledge(lease, [sent(strange), sent(mine)]) == [False, True]
    assert (await store.message(strange.account, strange.sid)).status is Status.QUEUED


async def test_one_message_may_move_twice_in_one_acknowledgement(store, text):
    row = text(has_callback=True)
    await store.accept(row)
    delivered = Outcome(account=row.account, sid=row.sid, status=Status.DELIVERED, at_ms=NOW + 1)
    assert await store.acknowledge(None, [sent(row), delivered, delivered]) == [True, True, False]
    events = await store.events(row.account, row.sid)
    assert [(event.kind, event.sequence) for event in events] == [("message.sent", 1), ("message.delivered", 2)]


async def test_texts_that_wait_are_counted_up_to_a_bound(store, text):
    for age in (3, 2, 1):
        await store.accept(text(created_ms=NOW - age))
    await store.accept(text(created_ms=NOW, due_ms=NOW + 60_000, status=Status.SCHEDULED))
    await store.accept(text(local="+1"))
    await store.accept(text(account="ACother"))
    row = text()
    queue = row.account, row.local, row.carrier
    assert await store.waiting(*queue, NOW, 10) == 3
    assert await store.waiting(*queue, NOW - 2, 10) == 2
    assert await store.waiting(*queue, NOW + 60_000, 10) == 4
    assert await store.waiting(*queue, NOW, 2) == 2
    assert await store.waiting(row.account, "+9", row.carrier, NOW, 2) == 0
    lease = (await store.lease("d1", "simulator", NOW, TTL, 10))[0]
    (first, *_) = await store.due(lease, NOW, 1)
    await store.acknowledge(lease, [sent(first)])
    assert await store.waiting(first.account, first.local, row.carrier, NOW, 10) in (0, 2)

"""A call's row: made once, moved by the table of moves alone, told of in order, rated when it ends, listed, erased."""

import asyncio

import pytest
from msgspec.structs import replace

from ringfence.domain.call import FINAL, Direction, Status
from ringfence.ports.calls import CallChange, CallFilter, CallOrder, StepRow
from ringfence.ports.outbox import NewEvent, Settlement
from ringfence.ports.party import Party
from ringfence.ports.store import RatedRow

NOW = 1_700_000_000_000
OTHER = "AC" + "b" * 32


def to(status, at_ms=NOW, **more):
    return CallChange(status=status, at_ms=at_ms, **more)


def told(kind, at_ms=NOW, sequence=99):
    return NewEvent(kind=kind, sequence=sequence, at_ms=at_ms)


def sids(rows):
    return [row.sid for row in rows]


async def answered(store, row, at_ms=NOW):
    await store.create_call(row)
    await store.move_call(row.account, row.sid, to(Status.RINGING, at_ms))
    return await store.move_call(row.account, row.sid, to(Status.IN_PROGRESS, at_ms))


async def test_a_call_is_read_as_it_was_written(store, ring):
    plain = ring()
    full = ring(
        parent_sid=plain.sid,
        direction=Direction.OUTBOUND_DIAL,
        phone_number_sid="PN" + "1" * 32,
        ringing_ms=1,
        answered_ms=2,
        ended_ms=3,
        price_micros=4,
        price_unit="EUR",
        sip_status=200,
        error_code=13224,
        route="trunk",
        sequence=5,
        owner="v1",
        rate_micros=14_000,
        local="",
        content=b"\x00\xff",
    )
    for row in (plain, full):
        assert await store.create_call(row) is True
        assert await store.call(row.account, row.sid) == row
    assert await store.call(OTHER, plain.sid) is None
    assert await store.calls_of([(full.account, full.sid), (OTHER, full.sid), (plain.account, plain.sid)]) == [
        full,
        None,
        plain,
    ]
    assert await store.calls_of([]) == []


async def test_a_call_is_made_once(store, ring):
    row = ring()
    made = await asyncio.gather(
        store.create_call(row, [told("call.initiated")]),
        store.create_call(replace(row, local="+1"), [told("call.initiated")]),
    )
    assert made == [True, False]
    assert await store.create_call(row, [told("call.initiated")]) is False
    assert (await store.call(row.account, row.sid)).local == row.local
    assert len(await store.events(row.account, row.sid)) == 1
    assert await store.create_call(replace(row, account=OTHER)) is True


async def test_the_events_of_a_call_are_numbered_through_its_life(store, ring):
    row = ring()
    await store.create_call(row, [told("call.initiated")])
    ringing = await store.move_call(row.account, row.sid, to(Status.RINGING), [told("call.ringing")])
    assert (ringing.sequence, ringing.status) == (2, Status.RINGING)
    await store.move_call(row.account, row.sid, to(Status.RINGING), [told("call.ringing")])
    await store.move_call(row.account, row.sid, to(Status.IN_PROGRESS))
    await store.move_call(row.account, row.sid, to(Status.COMPLETED), [told("call.answered"), told("call.completed")])
    events = await store.events(row.account, row.sid)
    assert [(event.kind, event.sequence) for event in events] == [
        ("call.initiated", 0),
        ("call.ringing", 1),
        ("call.answered", 2),
        ("call.completed", 3),
    ]
    assert (await store.call(row.account, row.sid)).sequence == 4


async def test_moves_keep_when_they_happened(store, ring):
    row = ring(owner="v1")
    await store.create_call(row)
    ringing = await store.move_call(row.account, row.sid, to(Status.RINGING, NOW + 10, sip_status=180, route="t1"))
    assert ringing == replace(
        row, status=Status.RINGING, updated_ms=NOW + 10, ringing_ms=NOW + 10, sip_status=180, route="t1"
    )
    talking = await store.move_call(row.account, row.sid, to(Status.IN_PROGRESS, NOW + 20, sip_status=200))
    assert talking == replace(
        ringing, status=Status.IN_PROGRESS, updated_ms=NOW + 20, answered_ms=NOW + 20, sip_status=200
    )
    over = await store.move_call(
        row.account, row.sid, to(Status.COMPLETED, NOW + 30, price_micros=13_000, error_code=11200)
    )
    assert over == replace(
        talking,
        status=Status.COMPLETED,
        updated_ms=NOW + 30,
        ended_ms=NOW + 30,
        price_micros=13_000,
        error_code=11200,
        owner="",
    )
    assert await store.call(row.account, row.sid) == over


@pytest.mark.parametrize("end", sorted(FINAL))
async def test_a_call_that_is_over_stays_as_it_is(store, ring, end):
    row = ring()
    await store.create_call(row)
    over = await store.move_call(row.account, row.sid, to(end, NOW + 1))
    for status in Status:
        assert await store.move_call(row.account, row.sid, to(status, NOW + 2), [told("call.completed")]) is None
    assert await store.call(row.account, row.sid) == over
    assert await store.events(row.account, row.sid) == []
    assert len(await store.rated(row.account)) == 1


async def test_what_is_answered_can_only_complete(store, ring):
    row = ring()
    await answered(store, row)
    for status in set(Status) - {Status.COMPLETED}:
        assert await store.move_call(row.account, row.sid, to(status)) is None
    assert await store.move_call(row.account, row.sid, to(Status.COMPLETED)) is not None


async def test_a_call_that_is_not_there_is_not_moved(store, ring):
    row = ring()
    await store.create_call(row)
    assert await store.move_call(OTHER, row.sid, to(Status.RINGING)) is None
    assert await store.move_call(row.account, "CA0", to(Status.RINGING)) is None


async def test_of_those_who_end_a_call_at_once_one_does(store, ring):
    row = ring()
    await answered(store, row)
    change = to(Status.COMPLETED, NOW + 5)
    ends = await asyncio.gather(
        *(store.move_call(row.account, row.sid, change, [told("call.completed")]) for _ in range(8))
    )
    assert sum(end is not None for end in ends) == 1
    assert len(await store.events(row.account, row.sid)) == 1
    assert len(await store.rated(row.account)) == 1


async def test_a_final_call_is_rated_once_with_the_minutes_that_are_billed(store, ring):
    row = ring()
    await answered(store, row, NOW)
    assert await store.rated(row.account) == []
    await store.move_call(row.account, row.sid, to(Status.COMPLETED, NOW + 60_001, price_micros=26_000))
    assert await store.rated(row.account) == [
        RatedRow(
            account=row.account,
            sid=row.sid,
            price_micros=26_000,
            price_unit="USD",
            segments=2,
            status=Status.COMPLETED,
            at_ms=NOW + 60_001,
        )
    ]


async def test_a_call_that_was_never_answered_costs_nothing(store, ring):
    busy, rejected = ring(), ring(status=Status.FAILED)
    await store.create_call(busy)
    await store.move_call(busy.account, busy.sid, to(Status.BUSY))
    await store.create_call(rejected)
    rated = {row.sid: row for row in await store.rated(busy.account)}
    assert [(rated[sid].price_micros, rated[sid].segments, rated[sid].status) for sid in (busy.sid, rejected.sid)] == [
        (0, 0, "busy"),
        (0, 0, "failed"),
    ]


async def test_content_is_replaced(store, ring):
    row = ring()
    await store.create_call(row)
    assert await store.rewrite_call(row.account, row.sid, b"other", at_ms=NOW + 9) is True
    assert await store.call(row.account, row.sid) == replace(row, content=b"other", updated_ms=NOW + 9)
    assert await store.rewrite_call(OTHER, row.sid, b"", at_ms=NOW) is False


async def test_a_call_is_erased_with_all_that_is_its_but_the_bill(store, ring):
    row, other = ring(), ring()
    for each in (row, other):
        await store.create_call(each, [told("call.initiated")])
        await store.add_steps([StepRow(account=each.account, call_sid=each.sid, at_ms=NOW, kind="verb")])
    (event, _) = await store.take_events("d", NOW, 1, 9)
    await store.settle_events([Settlement(event_id=event.id, account=row.account, state="done")])
    assert await store.delete_call(row.account, row.sid) is False
    assert await store.call(row.account, row.sid) is not None
    await store.move_call(row.account, row.sid, to(Status.CANCELED))
    assert await store.delete_call(OTHER, row.sid) is False
    assert await store.delete_call(row.account, row.sid) is True
    assert await store.delete_call(row.account, row.sid) is False
    assert await store.call(row.account, row.sid) is None
    assert await store.events(row.account, row.sid) == []
    assert await store.attempts(row.account, row.sid) == []
    assert await store.steps(row.account, row.sid) == []
    assert sids(await store.rated(row.account)) == [row.sid]
    assert len(await store.events(row.account, other.sid)) == 1
    assert len(await store.steps(row.account, other.sid)) == 1


async def test_live_calls_ring_or_are_answered(store, ring):
    rows = [ring(status=status) for status in Status] + [ring(account=OTHER, status=Status.RINGING)]
    for row in rows:
        await store.create_call(row)
    assert await store.live_calls(rows[0].account) == 2
    assert await store.live_calls(OTHER) == 1
    assert await store.live_calls("AC0") == 0


async def test_calls_are_listed_newest_first_in_pages(store, ring):
    rows = [ring() for _ in range(5)]
    for row in (*rows, ring(account=OTHER)):
        await store.create_call(row)
    account, every = rows[0].account, sids(rows)[::-1]
    assert sids(await store.calls(account, CallFilter())) == every
    assert sids(await store.calls(account, CallFilter(), limit=2)) == every[:2]
    assert sids(await store.calls(account, CallFilter(), before=every[1], limit=2)) == every[2:4]
    assert await store.calls(account, CallFilter(), before=every[-1]) == []


async def test_a_list_goes_on_behind_a_call_that_was_deleted_meanwhile(store, ring):
    rows = [ring(sid=f"CA{NOW + n:012x}{n:020x}", created_ms=NOW + n, status=Status.BUSY) for n in range(3)]
    for row in rows:
        await store.create_call(row)
    await store.delete_call(rows[1].account, rows[1].sid)
    assert sids(await store.calls(rows[0].account, CallFilter(), before=rows[1].sid)) == [rows[0].sid]


async def test_calls_are_found_by_their_ends(store, ring):
    ours, theirs = Party(number="+1", indexes=frozenset({b"x"})), Party(number="+2", indexes=frozenset({b"r", b"s"}))
    out = ring(local="+1", remote_index=b"r")
    dialled = ring(local="+1", remote_index=b"s", direction=Direction.OUTBOUND_DIAL)
    inward = ring(local="+1", remote_index=b"r", direction=Direction.INBOUND)
    inside = ring(local="+2", remote_index=b"x", direction=Direction.INBOUND)
    for row in (out, dialled, inward, inside, ring(local="+3", remote_index=b"q")):
        await store.create_call(row)

    async def found(**wanted):
        return sids(await store.calls(out.account, CallFilter(**wanted)))

    assert await found(sender=ours) == [inside.sid, dialled.sid, out.sid]
    assert await found(to=ours) == [inward.sid]
    assert await found(to=theirs) == [inside.sid, dialled.sid, out.sid]
    assert await found(sender=theirs) == [inward.sid]
    assert await found(sender=ours, to=theirs) == [inside.sid, dialled.sid, out.sid]
    assert await found(sender=theirs, to=ours) == [inward.sid]
    assert await found(to=Party(number="+9", indexes=frozenset())) == []
    assert sids(await store.calls(out.account, CallFilter(to=theirs), limit=1)) == [inside.sid]


async def test_a_call_that_brings_a_code_is_found_by_its_verification_alone(store, ring):
    verification = "VE" + "5" * 32
    plain = ring(created_ms=NOW)
    bringing = ring(created_ms=NOW + 10, parent_sid=verification)
    for row in (plain, bringing):
        await store.create_call(row)
    everything = CallFilter()
    ours = CallFilter(sender=Party(number=bringing.local, indexes=frozenset()))
    theirs = CallFilter(to=Party(number="+12025550177", indexes=frozenset({bringing.remote_index})))
    for wanted in (everything, ours, theirs):
        assert bringing.sid not in sids(await store.calls(plain.account, wanted))
    assert sids(await store.calls(plain.account, CallFilter(parent_sid=verification))) == [bringing.sid]


async def test_calls_are_found_by_status_parent_and_time(store, ring):
    parent = ring(created_ms=NOW)
    child = ring(created_ms=NOW + 10, parent_sid=parent.sid, direction=Direction.OUTBOUND_DIAL)
    for row in (parent, child):
        await store.create_call(row)
    await store.move_call(child.account, child.sid, to(Status.BUSY, NOW + 20))

    async def found(**wanted):
        return sids(await store.calls(parent.account, CallFilter(**wanted)))

    assert await found(status=Status.BUSY) == [child.sid]
    assert await found(status=Status.QUEUED) == [parent.sid]
    assert await found(parent_sid=parent.sid) == [child.sid]
    assert await found(parent_sid=child.sid) == []
    assert await found(parent_sid=parent.sid, status=Status.QUEUED) == []
    assert await found(parent_sid=parent.sid, sender=Party(number=child.local, indexes=frozenset())) == [child.sid]
    assert await found(start_from_ms=NOW + 1) == [child.sid]
    assert await found(start_to_ms=NOW + 10) == [parent.sid]
    assert await found(start_from_ms=NOW, start_to_ms=NOW + 11) == [child.sid, parent.sid]
    assert await found(end_from_ms=NOW + 20) == [child.sid]
    assert await found(end_from_ms=NOW + 21) == []
    assert await found(end_to_ms=NOW + 20) == []
    assert await found(end_to_ms=NOW + 21) == [child.sid]


async def test_an_epoch_is_unfinished_until_its_calls_are_over_and_told(store, ring, text):
    live, over, telling = ring(), ring(status=Status.BUSY), ring(status=Status.BUSY)
    waiting = text()
    await store.create_call(live)
    await store.create_call(over)
    await store.create_call(telling, [told("call.completed")])
    await store.create_call(ring(epoch=8))
    await store.create_call(ring(account=OTHER))
    await store.accept(waiting)
    assert await store.unfinished(live.account, 7) == [(live.sid, 0), (telling.sid, 0), (waiting.sid, 0)]
    (event,) = await store.take_events("d", NOW, 1, 9)
    await store.settle_events([Settlement(event_id=event.id, account=live.account, state="done")])
    await answered(store, live)
    assert await store.unfinished(live.account, 7) == [(live.sid, 0), (waiting.sid, 0)]
    await store.move_call(live.account, live.sid, to(Status.COMPLETED))
    assert await store.unfinished(live.account, 7) == [(waiting.sid, 0)]


async def test_the_events_of_a_call_are_told_one_after_the_other(store, ring):
    row = ring()
    await store.create_call(row, [told("call.initiated")])
    await store.move_call(row.account, row.sid, to(Status.RINGING), [told("call.ringing")])
    for kind in ("call.initiated", "call.ringing"):
        (event,) = await store.take_events("d", NOW, 1_000, 9)
        assert event.kind == kind
        assert await store.take_events("e", NOW, 1_000, 9) == []
        await store.settle_events([Settlement(event_id=event.id, account=row.account, state="done")])
    assert await store.take_events("d", NOW, 1_000, 9) == []


async def test_steps_are_kept_in_the_order_they_happened(store, ring):
    row = ring()
    await store.create_call(row)

    def step(at_ms, kind, **more):
        return StepRow(account=row.account, call_sid=row.sid, at_ms=at_ms, kind=kind, **more)

    await store.add_steps([step(NOW + 2, "verb", detail=b"\x00sealed"), step(NOW + 2, "key")])
    await store.add_steps([step(NOW + 1, "error", code=12200), step(NOW, "verb", detail=b"")])
    await store.add_steps([])
    kept = await store.steps(row.account, row.sid)
    assert [(each.at_ms - NOW, each.kind, each.code, each.detail) for each in kept] == [
        (0, "verb", None, b""),
        (1, "error", 12200, b""),
        (2, "verb", None, b"\x00sealed"),
        (2, "key", None, b""),
    ]
    assert len({each.id for each in kept}) == 4
    assert await store.steps(OTHER, row.sid) == []


async def test_steps_of_a_call_that_is_gone_are_dropped(store, ring):
    row, gone = ring(), ring(status=Status.BUSY)
    for each in (row, gone):
        await store.create_call(each)
    await store.delete_call(gone.account, gone.sid)
    await store.add_steps(
        [StepRow(account=each.account, call_sid=each.sid, at_ms=NOW, kind="verb") for each in (gone, row)]
    )
    assert await store.steps(gone.account, gone.sid) == []
    assert len(await store.steps(row.account, row.sid)) == 1


async def test_the_first_thousand_steps_of_a_call_are_kept(store, ring):
    row, other = ring(), ring()
    for each in (row, other):
        await store.create_call(each)

    def steps(call, number, kind):
        return [StepRow(account=call.account, call_sid=call.sid, at_ms=NOW, kind=kind) for _ in range(number)]

    await store.add_steps(steps(row, 995, "verb"))
    await asyncio.gather(*(store.add_steps(steps(row, 3, "key")) for _ in range(4)))
    await store.add_steps(steps(row, 1_200, "sip") + steps(other, 1_001, "sip"))
    kinds = [step.kind for step in await store.steps(row.account, row.sid)]
    assert kinds == ["verb"] * 995 + ["key"] * 5
    assert len(await store.steps(other.account, other.sid)) == 1_000


async def test_a_call_that_ends_forgets_the_orders_nobody_took(store, ring):
    row = ring(owner="v1")
    await store.create_call(row)
    order = CallOrder(account=row.account, call_sid=row.sid, kind="end", at_ms=NOW)
    assert await store.order(order) is True
    await store.move_call(row.account, row.sid, to(Status.CANCELED))
    assert await store.order(order) is False
    assert await store.take_orders("v1") == []


async def test_what_went_wrong_is_listed_newest_first(store, ring):
    one, other = ring(), ring()
    for row in (one, other, ring(account=OTHER, sid=one.sid)):
        await store.create_call(row)

    def step(row, at_ms, kind, code=None, account=None):
        return StepRow(account=account or row.account, call_sid=row.sid, at_ms=at_ms, kind=kind, code=code)

    await store.add_steps(
        [
            step(one, NOW, "error", 11200),
            step(one, NOW + 1, "warning", 12200),
            step(one, NOW + 2, "verb"),
            step(one, NOW + 3, "status", 11200),
            step(other, NOW + 4, "webhook", 11205),
            step(other, NOW + 4, "error", 13224),
            step(one, NOW + 5, "error", 1, account=OTHER),
        ]
    )

    async def codes(**how):
        return [found.code for found in await store.troubles(one.account, **how)]

    assert await codes() == [13224, 11205, 12200, 11200]
    assert await codes(limit=2) == [13224, 11205]
    second = (await store.troubles(one.account))[1]
    assert await codes(before=(second.at_ms, second.id)) == [12200, 11200]
    assert await codes(call_sid=one.sid) == [12200, 11200]
    assert await codes(warnings=True) == [12200]
    assert await codes(warnings=False) == [13224, 11205, 11200]
    assert await codes(from_ms=NOW + 1) == [13224, 11205, 12200]
    assert await store.trouble(one.account, second.at_ms, second.id) == second
    assert await store.trouble(one.account, second.at_ms + 1, second.id) is None
    assert await store.trouble(one.account, second.at_ms, second.id + 99) is None
    assert await store.trouble(OTHER, second.at_ms, second.id) is None

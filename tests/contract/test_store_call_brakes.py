"""What an account's calls cost, how many there are and where they go, as brakes look at it; and what it sets itself."""

import asyncio

from ringfence.domain.call import Direction, Status
from ringfence.ports.call_brakes import Bound
from ringfence.ports.calls import CallChange

NOW = 1_700_000_040_000  # a whole minute
MINUTE = 60_000
ANY = Bound(live=1_000_000, micros=None)
A, B = "AC" + "a" * 32, "AC" + "b" * 32


async def ended(store, row, price_micros, at_ms, status=Status.COMPLETED):
    await store.create_call(row)
    await store.move_call(row.account, row.sid, CallChange(status=Status.IN_PROGRESS, at_ms=at_ms))
    await store.move_call(row.account, row.sid, CallChange(status=status, at_ms=at_ms, price_micros=price_micros))


async def out(store, row, bound=ANY, **more):
    return await store.let_out(row.account, row.sid, NOW - MINUTE, NOW, own=bound, **more)


async def test_what_ended_lately_counts_by_the_minute(store, ring):
    for price_micros, at_ms in ((1, NOW - MINUTE - 1), (10, NOW - MINUTE), (100, NOW - 1), (1_000, NOW), (0, NOW)):
        await ended(store, ring(), price_micros, at_ms)
    await ended(store, ring(account=B), 7, NOW)
    assert (await store.burden(A, NOW - MINUTE, NOW)).settled_micros == 1_110
    assert (await store.burden(A, NOW - 1, NOW)).settled_micros == 1_110
    assert (await store.burden(A, NOW, NOW)).settled_micros == 1_000
    assert (await store.burden(B, 0, NOW)).micros == 7
    assert (await store.burden("AC0", 0, NOW)).micros == 0


async def test_a_call_that_cost_something_counts_when_it_was_erased_too(store, ring):
    row = ring()
    await ended(store, row, 500, NOW)
    await store.delete_call(A, row.sid)
    assert (await store.burden(A, NOW, NOW)).settled_micros == 500


async def test_what_is_under_way_costs_the_minutes_it_has_begun(store, ring):
    rows = [
        ring(status=Status.IN_PROGRESS, answered_ms=NOW - MINUTE, rate_micros=1, owner="v"),
        ring(status=Status.IN_PROGRESS, answered_ms=NOW - MINUTE - 1, rate_micros=10, owner="v"),
        ring(status=Status.IN_PROGRESS, answered_ms=NOW, rate_micros=100, owner="v"),
        ring(status=Status.RINGING, rate_micros=1_000, owner="v"),
        ring(status=Status.QUEUED, rate_micros=10_000, owner="v"),
        ring(status=Status.QUEUED, rate_micros=50_000, owner="v"),
        ring(status=Status.QUEUED, rate_micros=100_000),
        ring(status=Status.COMPLETED, answered_ms=NOW, rate_micros=1_000_000),
        ring(account=B, status=Status.RINGING, rate_micros=5),
    ]
    for row in rows:
        await store.create_call(row)
    assert await out(store, rows[4]) == ""
    burden = await store.burden(A, NOW - MINUTE, NOW)
    assert (burden.live, burden.running_micros) == (5, 1 + 2 * 10 + 100 + 1_000 + 10_000)
    assert burden.queued_micros == 10_000
    later = await store.burden(A, NOW - MINUTE, NOW + MINUTE)
    assert later.running_micros == 2 + 3 * 10 + 100 + 1_000 + 10_000
    assert await store.queued_calls(A) == 1
    assert await store.queued_calls(B) == 0


async def test_whose_calls_cost_something(store, ring):
    for row in (
        ring(owner="v1", rate_micros=1),
        ring(owner="v1", rate_micros=2),
        ring(account=B, owner="v1"),
        ring(account="AC0", owner="v2", rate_micros=1),
        ring(account="AC1", owner="v1", rate_micros=1, status=Status.BUSY),
    ):
        await store.create_call(row)
    assert await store.costly_accounts("v1") == [A]
    assert await store.costly_accounts("v3") == []


async def test_destinations_count_from_the_first_call(store, ring):
    for region, at_ms, more in (
        ("US", NOW - 1_000, {}),
        ("LV", NOW, {}),
        ("CU", NOW + 1, {"direction": Direction.OUTBOUND_DIAL}),
        ("US", NOW + 2, {}),
        ("SO", NOW + 3, {}),
        ("SO", NOW - 5_000, {}),
        ("GB", NOW + 1, {"direction": Direction.INBOUND}),
        ("", NOW + 1, {}),
        ("AF", NOW, {"account": B}),
    ):
        await store.create_call(ring(remote_region=region, created_ms=at_ms, **more))
    assert [await store.new_destinations(A, region, NOW) for region in ("US", "LV", "CU", "SO", "GB", "AF", "")] == [
        0,
        0,
        1,
        2,
        0,
        0,
        0,
    ]
    assert await store.new_destinations(A, "SO", NOW - 1_000) == 3
    assert await store.new_destinations(A, "SO", NOW + 1) == 1
    assert await store.new_destinations(B, "AF", NOW) == 0
    assert [await store.first_called(A, from_ms) for from_ms in (NOW - 1_000, NOW, NOW + 3, NOW + 4)] == [4, 3, 1, 0]
    assert await store.first_called(B, NOW) == 1


async def test_a_call_that_was_made_already_counts_once(store, ring):
    row = ring(remote_region="LV", created_ms=NOW)
    assert await asyncio.gather(store.create_call(row), store.create_call(row)) == [True, False]
    assert await store.new_destinations(A, "LV", NOW) == 0


async def test_settings_are_replaced_where_they_are_what_was_read(store):
    assert await store.voice_settings(A) is None
    assert await store.put_voice_settings(A, "one", was="zero") is False
    assert await store.put_voice_settings(A, "one", was=None) is True
    assert await store.put_voice_settings(A, "two", was=None) is False
    assert await store.voice_settings(A) == "one"
    assert await store.voice_settings(B) is None
    ends = await asyncio.gather(*(store.put_voice_settings(A, f"n{n}", was="one") for n in range(5)))
    assert ends.count(True) == 1
    assert await store.voice_settings(A) == f"n{ends.index(True)}"


async def test_a_tenant_s_accounts_are_burdened_together(store, ring, account):
    for sid, tenant in ((A, A), (B, A), ("AC" + "c" * 32, "AC" + "c" * 32)):
        await store.create_account(*account(sid, tenant))
    await ended(store, ring(), 100, NOW)
    await ended(store, ring(account=B), 20, NOW)
    await ended(store, ring(account=B), 3, NOW - MINUTE)
    await ended(store, ring(account="AC" + "c" * 32), 4_000, NOW)
    await store.create_call(ring(account=B, status=Status.RINGING, rate_micros=7))
    await store.create_call(ring(account=B, status=Status.QUEUED, rate_micros=9))
    leaving = ring(account=B, status=Status.QUEUED, rate_micros=11, owner="v")
    await store.create_call(leaving)
    assert await out(store, leaving) == ""
    whole = await store.tenant_burden(A, NOW, NOW)
    assert (whole.settled_micros, whole.running_micros, whole.queued_micros, whole.live) == (120, 18, 11, 2)
    assert (await store.tenant_burden(A, NOW - MINUTE, NOW)).settled_micros == 123
    assert (await store.tenant_burden(B, 0, NOW)).micros == 0


async def taken(store, ring, count, **more):
    rows = [ring(owner="v", rate_micros=7, **more) for _ in range(count)]
    for row in rows:
        await store.create_call(row)
    return rows


async def test_of_calls_that_go_out_at_once_there_are_just_as_many_as_may(store, ring):
    rows = await taken(store, ring, 30)
    ends = await asyncio.gather(*(out(store, row, Bound(live=20, micros=None)) for row in rows))
    assert (ends.count(""), ends.count("live")) == (20, 10)
    burden = await store.burden(A, NOW, NOW)
    assert (burden.live, burden.running_micros, burden.queued_micros) == (20, 140, 140)


async def test_of_calls_that_go_out_at_once_no_more_cost_than_may(store, ring):
    await ended(store, ring(), 10, NOW)
    rows = await taken(store, ring, 30)
    ends = await asyncio.gather(*(out(store, row, Bound(live=1_000, micros=10 + 20 * 7)) for row in rows))
    assert (ends.count(""), ends.count("micros")) == (20, 10)
    # Whoever costs nothing that is counted goes out all the same.
    assert await out(store, rows[ends.index("micros")]) == ""


async def test_a_call_that_is_held_takes_nobody_s_place(store, ring):
    first, second, third = await taken(store, ring, 3)
    one = Bound(live=1, micros=None)
    assert await out(store, first, one) == ""
    assert await out(store, second, one) == "live"
    await store.move_call(A, first.sid, CallChange(status=Status.BUSY, at_ms=NOW, price_micros=0))
    assert await out(store, third, one) == ""
    assert await out(store, second, one) == "live"
    await store.move_call(A, third.sid, CallChange(status=Status.RINGING, at_ms=NOW))
    assert await out(store, second, one) == "live"


async def test_who_was_let_out_is_let_out_again_and_counts_once(store, ring):
    (row,) = await taken(store, ring, 1)
    one = Bound(live=1, micros=7)
    assert [await out(store, row, one) for _ in range(3)] == ["", "", ""]
    assert await asyncio.gather(*(out(store, row, one) for _ in range(3))) == ["", "", ""]
    assert (await store.burden(A, NOW, NOW)).live == 1


async def test_nothing_holds_what_waits_no_longer_or_is_not_there(store, ring):
    none = Bound(live=0, micros=0)
    for status in (Status.RINGING, Status.CANCELED):
        row = ring(owner="v", status=status)
        await store.create_call(row)
        assert await out(store, row, none) == ""
    assert await store.let_out(A, "CA0", NOW, NOW, own=none) == ""
    assert (await store.burden(A, NOW, NOW)).live == 1


async def test_a_tenant_s_accounts_go_out_together(store, ring, account):
    for sid in (A, B):
        await store.create_account(*account(sid, A))
    rows = await taken(store, ring, 5) + await taken(store, ring, 5, account=B)
    whole = Bound(live=6, micros=None)
    ends = await asyncio.gather(
        *(
            out(store, row, Bound(live=4, micros=None) if row.account == B else None, tenant=A, whole=whole)
            for row in rows
        )
    )
    assert ends.count("") == 6
    assert ends[5:].count("") <= 4
    assert (await store.tenant_burden(A, NOW, NOW)).live == 6

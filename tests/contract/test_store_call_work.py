"""Who runs which call: queued calls find an owner each, owners that fall silent leave orphans, orders arrive once."""

import asyncio

import pytest
from msgspec.structs import replace

from ringfence.domain.call import Direction, Status
from ringfence.ports.calls import CallChange, CallOrder
from ringfence.ports.store import QueueFullError

NOW = 1_700_000_000_000
A, B, C = ("AC" + c * 32 for c in "abc")


def sids(rows):
    return [row.sid for row in rows]


async def made(store, *rows):
    for row in rows:
        await store.create_call(row)
    return rows


async def test_queued_calls_are_taken_oldest_first_and_once(store, ring):
    rows = await made(store, *(ring(created_ms=NOW - n) for n in range(4)))
    first = await store.take_calls("v1", NOW, 1_000, 3)
    assert first == [replace(row, owner="v1") for row in (rows[3], rows[2], rows[1])]
    assert await store.call(rows[3].account, rows[3].sid) == first[0]
    assert sids(await store.take_calls("v2", NOW, 1_000, 3)) == [rows[0].sid]
    assert await store.take_calls("v1", NOW, 1_000, 3) == []


async def test_only_what_waits_is_taken(store, ring):
    await made(
        store,
        ring(direction=Direction.INBOUND),
        ring(direction=Direction.OUTBOUND_DIAL),
        ring(status=Status.RINGING),
        ring(status=Status.CANCELED),
        ring(owner="v9"),
    )
    assert await store.take_calls("v1", NOW, 1_000, 9) == []
    (row,) = await made(store, ring())
    assert sids(await store.take_calls("v1", NOW, 1_000, 9)) == [row.sid]


async def test_accounts_take_turns(store, ring):
    many = await made(store, *(ring(account=A, created_ms=NOW + n) for n in range(5)))
    few = await made(store, ring(account=B, created_ms=NOW + 50), ring(account=C, created_ms=NOW + 40))
    assert sids(await store.take_calls("v1", NOW, 1_000, 4)) == [many[0].sid, few[1].sid, few[0].sid, many[1].sid]


async def test_more_accounts_than_are_taken_at_once_are_all_served(store, ring):
    await made(store, *(ring(account=f"AC{n:032x}", created_ms=NOW + m) for n in range(5) for m in range(2)))
    served = [row.account for _ in range(5) for row in await store.take_calls("v1", NOW, 1_000, 2)]
    assert len(served) == 10
    assert len(set(served[:5])) == 5


async def test_of_an_account_no_more_than_it_may_have_are_taken(store, ring):
    await made(store, *(ring(account=account) for account in (A, A, A, B, C)))
    taken = await store.take_calls("v1", NOW, 1_000, 9, each=2, passing_over=[C])
    assert sorted(row.account for row in taken) == [A, A, B]
    assert await store.take_calls("v1", NOW, 1_000, 9, each=0) == []
    assert [row.account for row in await store.take_calls("v1", NOW, 1_000, 9, passing_over={A})] == [C]


async def test_those_who_take_at_once_share(store, ring):
    rows = await made(store, *(ring() for _ in range(20)))
    taken = await asyncio.gather(*(store.take_calls(f"v{n % 2}", NOW, 1_000, 3) for n in range(10)))
    found = [row.sid for each in taken for row in each]
    assert sorted(found) == sorted(sids(rows))


async def test_a_call_that_was_canceled_is_not_taken(store, ring):
    (row,) = await made(store, ring())
    await store.move_call(row.account, row.sid, CallChange(status=Status.CANCELED, at_ms=NOW))
    assert await store.take_calls("v1", NOW, 1_000, 9) == []


async def test_who_falls_silent_leaves_orphans(store, ring):
    await store.hold_calls("v1", NOW, 1_000)
    mine = await made(store, ring(owner="v1"), ring(owner="v1", status=Status.IN_PROGRESS))
    await made(store, ring(owner="v1", status=Status.BUSY), ring())
    (other,) = await made(store, ring(account=B, owner="v2", created_ms=NOW - 5))
    await store.hold_calls("v2", NOW, 5_000)
    assert await store.orphaned_calls(NOW + 999, 9) == []
    assert await store.orphaned_calls(NOW + 1_000, 9) == list(mine)
    assert await store.orphaned_calls(NOW + 1_000, 1) == list(mine[:1])
    assert sids(await store.orphaned_calls(NOW + 5_000, 9)) == [other.sid, *sids(mine)]
    await store.hold_calls("v1", NOW + 900, 1_000)
    assert await store.orphaned_calls(NOW + 1_500, 9) == []


async def test_who_never_said_anything_leaves_orphans(store, ring):
    (row,) = await made(store, ring(owner="v1", status=Status.RINGING))
    assert await store.orphaned_calls(NOW, 9) == [row]


async def test_taking_holds(store, ring):
    (row,) = await made(store, ring())
    await store.take_calls("v1", NOW, 1_000, 9)
    assert await store.orphaned_calls(NOW + 999, 9) == []
    assert sids(await store.orphaned_calls(NOW + 1_000, 9)) == [row.sid]


async def test_an_orphan_that_is_ended_is_nobodys(store, ring):
    (row,) = await made(store, ring(owner="v1", status=Status.IN_PROGRESS))
    ended = await store.move_call(row.account, row.sid, CallChange(status=Status.COMPLETED, at_ms=NOW))
    assert ended.owner == ""
    assert await store.orphaned_calls(NOW, 9) == []
    assert await store.calls_owned("v1") == []


async def test_a_clock_that_was_set_back_hides_no_orphan(store, ring):
    (row,) = await made(store, ring(owner="v1", status=Status.IN_PROGRESS))
    await store.hold_calls("v1", NOW + 3_600_000, 1_000)
    await store.clock_set_back(lambda: NOW, 500)
    assert await store.orphaned_calls(NOW + 499, 9) == []
    assert await store.orphaned_calls(NOW + 500, 9) == [row]


async def test_a_process_that_starts_again_finds_its_calls(store, ring):
    rows = await made(store, ring(owner="v1", created_ms=NOW + 2), ring(owner="v1", account=B, created_ms=NOW + 1))
    await made(store, ring(owner="v2"), ring(owner="v1", status=Status.FAILED), ring())
    assert await store.calls_owned("v1") == [rows[1], rows[0]]
    assert await store.calls_owned("v3") == []


def order(row, kind="end", **more):
    return CallOrder(account=row.account, call_sid=row.sid, kind=kind, at_ms=NOW, **more)


async def test_orders_reach_the_owner_of_their_call_in_order_and_once(store, ring):
    mine, also_mine, other = await made(store, ring(owner="v1"), ring(owner="v1"), ring(owner="v2"))
    for each in (
        order(mine, "document", content=b"\x00sealed"),
        order(also_mine, "recording.stop", argument="RE1"),
        order(other),
        order(mine, "end"),
    ):
        assert await store.order(each) is True
    taken = await store.take_orders("v1", 2)
    assert [(each.call_sid, each.kind, each.argument, each.content) for each in taken] == [
        (mine.sid, "document", "", b"\x00sealed"),
        (also_mine.sid, "recording.stop", "RE1", b""),
    ]
    assert [each.kind for each in await store.take_orders("v1")] == ["end"]
    assert await store.take_orders("v1") == []
    assert sids([await store.call(each.account, each.call_sid) for each in await store.take_orders("v2")]) == [
        other.sid
    ]


async def test_the_order_for_a_call_without_owner_waits_for_one(store, ring):
    (row,) = await made(store, ring())
    await store.order(order(row))
    assert await store.take_orders("") == []
    await store.take_calls("v1", NOW, 1_000, 9)
    assert [each.kind for each in await store.take_orders("v1")] == ["end"]


async def test_only_live_calls_take_orders(store, ring):
    live, over = await made(store, ring(), ring(status=Status.COMPLETED))
    assert await store.order(order(over)) is False
    assert await store.order(order(replace(live, account=B))) is False
    assert await store.order(order(replace(live, sid="CA0"))) is False


async def test_a_hundred_orders_wait_for_a_call_at_most(store, ring):
    row, other = await made(store, ring(owner="v1"), ring(owner="v1"))
    for _ in range(100):
        assert await store.order(order(row)) is True
    with pytest.raises(QueueFullError):
        await store.order(order(row))
    assert await store.order(order(other)) is True
    assert len(await store.take_orders("v1", 1_000)) == 101
    assert await store.order(order(row)) is True

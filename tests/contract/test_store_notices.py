"""Addresses for notices and what is told there: a row and an outbox entry, together, once, also where all is frozen."""

from msgspec.structs import replace

from ringfence.domain.message import Direction, Status
from ringfence.ports.notices import NoticeAddress, NoticeRow
from ringfence.ports.outbox import NewEvent, Settlement

NOW = 1_700_000_000_000
A, B, C = "AC" + "a" * 32, "AC" + "b" * 32, "AC" + "c" * 32


def notice(n=1, account=A, kind="notice.blast"):
    return NoticeRow(account=account, sid=f"NO{n:032x}", kind=kind, said='{"Objects":"2"}', at_ms=NOW)


async def test_an_account_has_one_address_until_it_is_dropped(store):
    first = NoticeAddress(account=A, standing=b"\x00one", updated_ms=NOW)
    await store.keep_notice_address(first)
    await store.keep_notice_address(replace(first, account=B, standing=b"other"))
    assert await store.notice_addresses([B, C, A]) == [replace(first, account=B, standing=b"other"), None, first]
    second = replace(first, standing=b"two", updated_ms=NOW + 1)
    await store.keep_notice_address(second)
    assert await store.notice_addresses([A]) == [second]
    assert await store.drop_notice_address(A, at_ms=NOW + 2)
    assert not await store.drop_notice_address(A, at_ms=NOW + 2)
    assert await store.notice_addresses([A]) == [None]
    assert await store.notice_addresses([]) == []


async def test_accounts_that_have_an_address_are_paged(store):
    for account in (C, A, B):
        await store.keep_notice_address(NoticeAddress(account=account, standing=b"sealed", updated_ms=NOW))
    assert await store.addressed_accounts(after="", limit=2) == [A, B]
    assert await store.addressed_accounts(after=B, limit=2) == [C]
    assert await store.addressed_accounts(after=C, limit=2) == []


async def test_each_notice_has_an_event_and_the_same_is_written_once(store):
    rows = [notice(1), notice(2, kind="notice.freeze"), notice(1, account=B)]
    assert await store.add_notices(rows) == 3
    assert await store.add_notices([replace(notice(1), said="{}"), notice(3)]) == 1
    assert await store.add_notices([]) == 0
    keys = [(A, notice(1).sid), (B, notice(2).sid), (B, notice(1).sid), (A, notice(3).sid)]
    assert await store.notices_of(keys) == [notice(1), None, notice(1, account=B), notice(3)]
    assert await store.notices_of([]) == []
    taken = await store.take_events("d1", NOW, 1_000, 9)
    assert sorted((event.account, event.message_sid, event.kind) for event in taken) == sorted(
        (row.account, row.sid, row.kind) for row in (*rows, notice(3))
    )


async def test_notices_alone_are_taken_out_of_accounts_that_stand_still(store):
    thawed = notice(2, kind="notice.thaw")
    await store.add_notices([notice(1), thawed, notice(1, account=B), replace(notice(4), at_ms=NOW + 10)])
    assert await store.take_events("d1", NOW, 1_000, 9, passing_over=[A, B]) == []
    assert await store.take_notices("d1", NOW, 1_000, 9, []) == []
    assert await store.take_notices("d1", NOW - 1, 1_000, 9, [A]) == []
    (first,) = await store.take_notices("d1", NOW, 1_000, 1, [A, C])
    assert (first.account, first.message_sid, first.kind) == (A, notice(1).sid, "notice.blast")
    assert [event.message_sid for event in await store.take_notices("d1", NOW, 1_000, 9, [A])] == [notice(2).sid]
    # What one dispatcher has in hand no other takes until its lease ends, and what was told is told no more.
    assert await store.take_notices("d2", NOW + 1, 1_000, 9, [A]) == []
    await store.settle_events([Settlement(event_id=first.id, account=A, state="done")])
    again = await store.take_notices("d2", NOW + 1_000, 1_000, 9, [A, B])
    assert {(event.account, event.message_sid) for event in again} == {
        (A, notice(2).sid),
        (B, notice(1).sid),
        (A, notice(4).sid),
    }


async def test_of_what_waits_in_such_an_account_nothing_else_is_taken(store, text):
    row = text(direction=Direction.INBOUND, status=Status.RECEIVED)
    await store.accept(row, [NewEvent(kind="message.received", sequence=0, at_ms=NOW)])
    await store.add_notices([notice(1)])
    assert [each.kind for each in await store.take_notices("d1", NOW, 1_000, 9, [A])] == ["notice.blast"]
    assert [each.kind for each in await store.take_events("d1", NOW, 1_000, 9)] == ["message.received"]

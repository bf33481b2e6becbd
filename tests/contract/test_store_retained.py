"""What a duty keeps: written with the record or not at all, outliving it, read in order, erased when its time comes."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from msgspec.structs import replace

from ringfence.domain import call
from ringfence.domain.message import Status
from ringfence.ports.calls import CallChange
from ringfence.ports.retention import RetainedRow

NOW = 1_700_000_000_000
A, B = "AC" + "a" * 32, "AC" + "b" * 32
HOUR_MS = 3_600_000
EVER = 1 << 40


def kept(sid, part=0, *, account=A, duty=1, epoch=7, until_ms=NOW + HOUR_MS, sealed=b"\x00sealed"):
    return RetainedRow(account=account, sid=sid, part=part, duty=duty, epoch=epoch, until_ms=until_ms, sealed=sealed)


async def all_of(store, account=A, duty=1):
    return await store.retained(account, duty, 0, EVER)


@pytest.fixture
def write(store, text) -> Callable[..., Awaitable[None]]:
    """Accept a text of its own for each row."""

    async def accept(*rows):
        for row in rows:
            assert await store.accept(text(account=row.account, sid=row.sid), (), row)

    return accept


async def test_it_is_written_with_the_text_that_is_new_and_with_no_other(store, text):
    row = text()
    first = kept(row.sid)
    assert await store.accept(row, (), first)
    assert await all_of(store) == [first]
    assert not await store.accept(row, (), kept(row.sid, sealed=b"again"))
    assert not await store.accept(row, (), kept(row.sid, part=1))
    assert await all_of(store) == [first]
    bare = text()
    assert await store.accept(bare)
    assert not await store.accept(bare, (), kept(bare.sid))
    assert await all_of(store) == [first]


async def test_texts_of_one_batch_keep_each_their_own_or_nothing(store, text):
    rows = [text() for _ in range(40)]
    again = rows[3]
    asked = [(row, kept(row.sid) if n % 3 else None) for n, row in enumerate(rows)]
    asked.append((again, kept(again.sid, sealed=b"again")))
    written = await asyncio.gather(*(store.accept(row, (), retained) for row, retained in asked))
    assert written == [True] * 40 + [False]
    assert await all_of(store) == [retained for _, retained in asked[:40] if retained is not None]


async def test_it_is_written_with_the_call_that_is_new_and_with_its_end(store, ring):
    row = ring()
    start, end = kept(row.sid), kept(row.sid, part=1, epoch=9)
    assert await store.create_call(row, (), start)
    assert not await store.create_call(row, (), kept(row.sid, part=1))
    assert await all_of(store) == [start]
    on = CallChange(status=call.Status.RINGING, at_ms=NOW)
    assert await store.move_call(A, row.sid, on) is not None
    # What is not applied keeps nothing.
    assert await store.move_call(A, row.sid, on, (), end) is None
    assert await store.move_call(A, "CA" + "f" * 32, on, (), end) is None
    assert await all_of(store) == [start]
    over = CallChange(status=call.Status.COMPLETED, at_ms=NOW + 1)
    assert await store.move_call(A, row.sid, replace(over, status=call.Status.BUSY), (), end) is not None
    assert await store.move_call(A, row.sid, over, (), replace(end, sealed=b"again")) is None
    assert await all_of(store) == [start, end]


async def test_calls_of_one_batch_keep_each_their_own(store, ring):
    rows = [ring() for _ in range(5)]
    await asyncio.gather(*(store.create_call(row, (), kept(row.sid)) for row in rows))
    change = CallChange(status=call.Status.CANCELED, at_ms=NOW)
    await asyncio.gather(*(store.move_call(A, row.sid, change, (), kept(row.sid, part=1)) for row in rows[:3]))
    assert await all_of(store) == [
        kept(row.sid, part) for row in rows for part in (0, 1) if part == 0 or row in rows[:3]
    ]


async def test_the_first_that_is_kept_in_a_place_stays(store, text):
    row = text()
    first = kept(row.sid)
    await store.accept(row, (), first)
    assert await store.delete_message(A, row.sid)
    # A carrier that repeats itself after an erasure makes the text anew.
    assert await store.accept(row, (), kept(row.sid, epoch=8, sealed=b"again"))
    assert await all_of(store) == [first]


async def test_it_outlives_what_the_tenant_erases_and_the_end_of_the_account(store, text, ring, account):
    await store.create_account(*account())
    message, telephone = text(), ring(status=call.Status.COMPLETED)
    await store.accept(message, (), kept(message.sid))
    await store.create_call(telephone, (), kept(telephone.sid))
    both = await all_of(store)
    assert len(both) == 2
    await store.rewrite(A, message.sid, b"", at_ms=NOW, redacted=True)
    assert await store.delete_message(A, message.sid)
    assert await store.delete_call(A, telephone.sid)
    assert await store.set_account_status(A, "closed", was="active", at_ms=NOW)
    assert await all_of(store) == both


async def test_it_is_read_by_account_duty_and_epochs_both_included(store, write):
    rows = [kept(f"SM{n:032x}", epoch=n) for n in range(5, 10)]
    await write(*rows, kept("SM" + "d" * 32, duty=2, epoch=7), kept("SM" + "e" * 32, account=B, epoch=7))
    assert await store.retained(A, 1, 6, 8) == rows[1:4]
    assert await store.retained(A, 1, 8, 6) == []
    assert [row.sid for row in await store.retained(A, 2, 0, 9)] == ["SM" + "d" * 32]
    assert [row.sid for row in await store.retained(B, 1, 0, 9)] == ["SM" + "e" * 32]
    assert await store.retained(B, 2, 0, 9) == []


async def test_it_is_paged_by_sid_and_part(store, text, ring, write):
    calls = [ring() for _ in range(2)]
    for row in calls:
        await store.create_call(row, (), kept(row.sid))
        await store.move_call(
            A, row.sid, CallChange(status=call.Status.CANCELED, at_ms=NOW), (), kept(row.sid, part=1, epoch=8)
        )
    await write(*(kept(f"{kind}{n:032x}", epoch=9 - n) for n in (1, 2) for kind in ("VL", "SM", "MM")))
    everything = await all_of(store)
    assert [(row.sid, row.part) for row in everything] == sorted((row.sid, row.part) for row in everything)
    assert len(everything) == 10
    for limit in (1, 3, 4):
        found, after = [], ("", 0)
        while page := await store.retained(A, 1, 0, EVER, after=after, limit=limit):
            assert len(page) == min(limit, 10 - len(found))
            found += page
            after = page[-1].sid, page[-1].part
        assert found == everything
    assert await store.retained(A, 1, 8, 8, after=(calls[0].sid, 1)) == [
        row for row in everything if row.epoch == 8 and (row.sid, row.part) > (calls[0].sid, 1)
    ]


async def test_a_page_is_a_thousand_where_nothing_else_is_asked(store, text):
    rows = [text() for _ in range(1_001)]
    await asyncio.gather(*(store.accept(row, (), kept(row.sid)) for row in rows))
    page = await store.retained(A, 1, 0, EVER)
    assert [row.sid for row in page] == [row.sid for row in rows[:1_000]]


async def test_what_is_past_its_time_is_erased_the_oldest_first_so_many_at_a_time(store, write):
    rows = [kept(f"SM{n:032x}", until_ms=NOW + n) for n in (3, 1, 2, 5, 4)]
    of_another = kept("SM" + "e" * 32, account=B, duty=2, until_ms=NOW + 2)
    await write(*rows, of_another)
    assert await store.erase_retained(NOW, 10) == 0
    assert await store.erase_retained(NOW + 4, 2) == 2
    assert {row.until_ms - NOW for row in await all_of(store)} | {2} == {2, 3, 4, 5}
    assert await store.erase_retained(NOW + 4, 2) == 2
    assert await all_of(store, B, 2) == []
    assert await store.erase_retained(NOW + 4, 2) == 1
    assert await store.erase_retained(NOW + 4, 2) == 0
    assert await all_of(store) == [rows[3]]


async def test_erasing_it_leaves_the_record(store, text):
    row = text(status=Status.SENT)
    await store.accept(row, (), kept(row.sid, until_ms=NOW))
    assert await store.erase_retained(NOW, 10) == 1
    assert await store.message(A, row.sid) == row

"""What an account used, by day and month: each thing once, and never another account's."""

from typing import Any

import pytest
from msgspec.structs import replace
from tests.contract.test_store_verification_attempts import attempt, begun
from tests.unit.console.test_members import AC, OTHER, account, enrolled
from tests.unit.console.test_traffic import DAY_MS, NOON_MS, row

from ringfence.console.refusals import RefusedError
from ringfence.console.tenant.usage import TenantUsage, Used, by_month, drawn, month_ms, month_of, summed
from ringfence.domain.call import Direction as CallDirection
from ringfence.domain.call import Status as CallStatus
from ringfence.domain.message import Direction
from ringfence.domain.verification import Status, call_sid
from ringfence.ports.calls import CallChange, CallRow, RecordingRow
from ringfence.ports.day_counts import DAY_MS as WHOLE_DAY_MS
from ringfence.store.memory import MemoryStore

TODAY_MS = NOON_MS // DAY_MS * DAY_MS
DAY = "2023-12-09"


async def a_call(store: Any, sid: str, parent: str | None = None, micros: int = 30_000) -> None:
    made = CallRow(
        account=AC,
        sid=sid,
        parent_sid=parent,
        direction=CallDirection.OUTBOUND_API,
        status=CallStatus.QUEUED,
        local="",
        remote_index=b"",
        remote_region="US",
        epoch=1,
        content=b"",
        created_ms=NOON_MS,
        updated_ms=NOON_MS,
    )
    await store.create_call(made)
    await store.move_call(AC, sid, CallChange(status=CallStatus.IN_PROGRESS, at_ms=NOON_MS))
    ended = CallChange(status=CallStatus.COMPLETED, at_ms=NOON_MS + 90_000, price_micros=micros)
    await store.move_call(AC, sid, ended)


async def fill(store: Any) -> None:
    """A day with one of everything, a text the day before, and another account's."""
    texts = [
        row(1, num_segments=3, price_micros=24_000),
        row(2, direction=Direction.INBOUND, price_micros=5_000, price_unit="EUR"),
        row(3, created_ms=NOON_MS - DAY_MS, price_micros=-1),
        row(4, account=OTHER, num_segments=99),
    ]
    one = replace(begun(5, attempt(5, at_ms=NOON_MS), account=AC), created_ms=NOON_MS, expires_ms=NOON_MS + 600_000)
    await store.begin_verification(one)
    again = attempt(6, "call", NOON_MS + 1)
    await store.attempt_verification(AC, one.sid, again, 5)
    await store.move_verification(AC, one.sid, Status.APPROVED, NOON_MS + 2)
    for text in [*texts, row(5, sid=one.attempts[0].sid, price_micros=7_000)]:
        await store.accept(text)
    await a_call(store, "CA" + "1" * 32)
    await a_call(store, call_sid(again.sid), one.sid, 14_000)
    await store.add_recording(
        RecordingRow(
            account=AC,
            sid="RE1",
            call_sid="CA1",
            status="completed",
            channels=1,
            source="DialVerb",
            epoch=1,
            started_ms=NOON_MS,
            duration_ms=59_001,
            created_ms=NOON_MS,
            updated_ms=NOON_MS,
        )
    )


def test_each_thing_is_counted_once_under_its_day(run: Any) -> None:
    store = MemoryStore()
    run(fill(store))
    today, before = run(TenantUsage(store).days(AC, TODAY_MS - DAY_MS, TODAY_MS + DAY_MS))
    assert today == Used(
        when=DAY,
        sent=1,
        sent_segments=3,
        received=1,
        received_segments=1,
        calls=1,
        call_seconds=90,
        recordings=1,
        recorded_seconds=60,
        verifications=1,
        approved=1,
        sent_codes=2,
        spent_micros={
            ("USD", "texts"): 24_000,
            ("EUR", "texts"): 5_000,
            ("USD", "calls"): 30_000,
            ("USD", "codes"): 21_000,
        },
    )
    assert today.spent == "0.0050 EUR, 0.0750 USD"
    assert before == Used(when="2023-12-08", sent=1, sent_segments=1, spent_micros={("USD", "texts"): 1})
    assert Used(when="").spent == "–"


def test_months_are_sums_of_their_days() -> None:
    days = [
        Used(when="2024-01-01", sent=1, spent_micros={("USD", "calls"): 2}),
        Used(when="2023-12-31", sent=2),
        Used(when="2023-12-30", sent=4, spent_micros={("USD", "calls"): 8}),
    ]
    for used in days:
        used.spent_micros = type(Used(when="").spent_micros)(used.spent_micros)
    january, december = by_month(days)
    assert (january.when, january.sent) == ("2024-01", 1)
    assert (december.when, december.sent, december.by_currency) == ("2023-12", 6, {"USD": 8})
    whole = summed("all", days)
    assert (whole.sent, whole.spent_micros) == (7, {("USD", "calls"): 10})
    # What was summed is as it was.
    assert days[0].spent_micros == {("USD", "calls"): 2}
    segments, minutes, spent = drawn(days)
    assert (segments.first, minutes.last, spent.title) == ("2023-12-30", "2024-01-01", "Spent, USD")
    assert [bar.words for bar in spent.bars] == ["2023-12-30: 0.0000 USD calls", "2024-01-01: 0.0000 USD calls"]


def test_months_begin_where_they_do() -> None:
    assert month_of(NOON_MS) == "2023-12"
    assert month_of(month_ms("2023-12")) == "2023-12"
    assert month_of(month_ms("2023-12") - 1) == "2023-11"
    assert month_of(month_ms("2023-12", 1)) == "2024-01"
    assert month_of(month_ms("2024-02", -12)) == "2023-02"
    assert (month_ms("2024-02", 1) - month_ms("2024-02")) // WHOLE_DAY_MS == 29
    for wrong in ("2023-13", "2023", "x", "0001-01", "9999-12"):
        with pytest.raises(RefusedError):
            month_ms(wrong, -12 if wrong.startswith("0") else 1)


def test_the_page_shows_a_month_and_leads_to_others(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            it.clock.advance(NOON_MS + 40 * DAY_MS - it.clock.now_ms())
            member = await enrolled(it, await account(it))
            await fill(it.store)
            page = (await member.page("/usage?month=2023-12")).text
            assert "0.0050 EUR, 0.0750 USD" in page
            assert '<a href="/usage?month=2022-12">Earlier</a>' in page
            assert '<a href="/usage?month=2023-01">2023-01</a>' in page
            table = (await member.page("/usage/export?month=2023-12")).text.splitlines()
            assert table[0].endswith('"sent_codes","spent_EUR","spent_USD"')
            # A year by day, the latest first, whole.
            assert (len(table), table[1][:12]) == (366, '"2023-12-31"')
            assert f'"{DAY}","1","3","1","1","1","90","1","60","1","1","2","0.005","0.075"' in table
            now = (await member.page("/usage")).text
            # Days to come are not there.
            assert f'<th scope="row">{month_of(it.clock.now_ms())}-01</th>' in now
            assert (await member.page("/usage?month=2099-01")).status_code == 200
            assert (await member.page("/usage?month=1")).status_code == 400
            assert "2023-01 by day" in (await member.page("/usage?month=2023-1")).text

    run(scene())

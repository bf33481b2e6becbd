"""Counts of codes by day follow each change, in its transaction, and a migration finds the same."""

import sqlite3
from importlib.resources import files

from msgspec.structs import replace
from tests.contract.test_store_verification_attempts import NUMBER, A, B, attempt, begun, row_of, sid

from ringfence.domain import call
from ringfence.domain.message import Status as TextStatus
from ringfence.domain.verification import Status, call_sid
from ringfence.ports.calls import CallChange
from ringfence.ports.code_counts import CodeMeasure, DayCodes
from ringfence.ports.day_counts import DAY_MS
from ringfence.ports.store import Outcome
from ringfence.store.postgres import PostgresStore
from ringfence.store.sqlite import SqliteStore

# That of `begun`.
NOW = 1_700_000_000_000
TODAY = NOW // DAY_MS * DAY_MS
EVER = (0, TODAY + 2 * DAY_MS)
SQL = files("ringfence.store").joinpath("sql")
STARTED, APPROVED, SENT, CONVERTED, REFUSED, SPENT = CodeMeasure


def codes(measure, number, channel="", day_ms=TODAY, service="VA1", **more):
    return DayCodes(day_ms=day_ms, service=service, measure=measure, channel=channel, number=number, **more)


async def approve(store, verification):
    return await store.move_verification(verification.account, verification.sid, Status.APPROVED, NOW + DAY_MS)


async def test_where_nothing_was_nothing_is_counted(store):
    assert await store.codes_by_day(A, *EVER) == []


async def test_verifications_and_their_sendings_are_counted_by_day_service_and_channel(store):
    one = begun(1, attempt(1))
    for row in (one, begun(2, attempt(2), service="VA2"), begun(3, attempt(3), account=B)):
        await store.begin_verification(row)
    earlier = replace(begun(4, attempt(4, at_ms=TODAY - 1)), created_ms=TODAY - 1)
    await store.begin_verification(earlier)
    await store.attempt_verification(A, one.sid, attempt(5, "call"), 5)
    first = [
        *(codes(SENT, 1, "call"), codes(SENT, 1, "sms"), codes(STARTED, 1)),
        *(codes(SENT, 1, "sms", service="VA2"), codes(STARTED, 1, service="VA2")),
    ]
    yesterday = [codes(SENT, 1, "sms", TODAY - DAY_MS), codes(STARTED, 1, day_ms=TODAY - DAY_MS)]
    assert await store.codes_by_day(A, *EVER) == first + yesterday
    assert await store.codes_by_day(A, TODAY, TODAY + 1) == first
    assert await store.codes_by_day(A, TODAY + 1, TODAY + DAY_MS) == []
    assert await store.codes_by_day(A, *EVER, service="VA2") == first[3:]
    assert await store.codes_by_day(B, *EVER, service="VA2") == []


async def test_what_is_not_begun_or_sent_again_is_not_counted(store):
    one = begun(1, attempt(1), to_index=NUMBER)
    for row in (one, begun(2, attempt(2), to_index=NUMBER), one):
        await store.begin_verification(row)
    await store.attempt_verification(A, one.sid, attempt(3), 1)
    assert await store.codes_by_day(A, *EVER) == [codes(SENT, 1, "sms"), codes(STARTED, 1)]


async def test_one_that_takes_the_place_of_an_expired_one_is_counted_too(store):
    await store.begin_verification(begun(1, attempt(1), to_index=NUMBER))
    later = replace(begun(2, attempt(2), to_index=NUMBER), created_ms=NOW + 600_000, expires_ms=NOW + 1_200_000)
    await store.begin_verification(later)
    assert await store.codes_by_day(A, *EVER) == [codes(SENT, 2, "sms"), codes(STARTED, 2)]


async def test_what_is_approved_converts_all_its_sendings_once(store):
    one, other = begun(1, attempt(1)), begun(2, attempt(2))
    for row in (one, other):
        await store.begin_verification(row)
    await store.attempt_verification(A, one.sid, attempt(3, "call"), 5)
    await store.attempt_verification(A, one.sid, attempt(4, "call"), 5)
    await store.mark_refused(A, sid(4), 21215)
    await store.move_verification(A, other.sid, Status.CANCELED, NOW)
    for _ in range(2):
        await approve(store, one)
        await approve(store, other)
    assert await store.codes_by_day(A, *EVER) == [
        codes(APPROVED, 1),
        *(codes(CONVERTED, 1, "call"), codes(CONVERTED, 1, "sms")),
        codes(REFUSED, 1, "call", refusal=21215),
        *(codes(SENT, 1, "call"), codes(SENT, 2, "sms")),
        codes(STARTED, 2),
    ]


async def test_starts_that_were_refused_are_counted_by_reason(store):
    one = begun(1, attempt(1))
    await store.begin_verification(one)
    for n, reason in ((2, 60410), (3, 60410), (3, 60410), (4, 60605)):
        refused = row_of(begun(n), attempt(n), refusal=reason)
        await store.refuse_attempt(refused, replace(begun(n), status=Status.FAILED))
    # One that was written already, refused afterwards, and then for another reason.
    for reason in (60410, 60605, 60605):
        await store.mark_refused(A, sid(1), reason)
    await store.mark_refused(B, sid(1), 60410)
    assert await store.codes_by_day(A, *EVER) == [
        codes(REFUSED, 2, "sms", refusal=60410),
        codes(REFUSED, 2, "sms", refusal=60605),
        codes(STARTED, 1),
    ]


async def spend(store, text, ring):
    """A code by text, one by call and a text that brings none, each with its price."""
    one = begun(1, attempt(1))
    await store.begin_verification(one)
    await store.attempt_verification(A, one.sid, attempt(2, "call"), 5)
    for named in (sid(1), "SM1", sid(9)):
        row = text(account=A, sid=named, created_ms=NOW, price_unit="EUR")
        await store.accept(row)
        outcome = Outcome(account=A, sid=named, status=TextStatus.SENT, at_ms=NOW, price_micros=70)
        await store.acknowledge(None, [outcome])
        await store.acknowledge(None, [replace(outcome, status=TextStatus.DELIVERED, price_micros=50)])
    row = ring(account=A, sid=call_sid(sid(2)), parent_sid=one.sid, created_ms=NOW)
    await store.create_call(row)
    await store.move_call(A, row.sid, CallChange(status=call.Status.IN_PROGRESS, at_ms=NOW))
    ended = CallChange(status=call.Status.COMPLETED, at_ms=NOW + 9_000, price_micros=14_000)
    await store.move_call(A, row.sid, ended)


async def test_what_texts_and_calls_with_codes_cost_is_counted_with_their_service(store, text, ring):
    await spend(store, text, ring)
    spent = [each for each in await store.codes_by_day(A, *EVER) if each.measure is SPENT]
    assert spent == [
        # Of an attempt that is not there.
        codes(SPENT, 0, service="", price_unit="EUR", spent_micros=50),
        codes(SPENT, 0, "call", price_unit="USD", spent_micros=14_000),
        codes(SPENT, 0, "sms", price_unit="EUR", spent_micros=50),
    ]
    # What a text comes to cost nothing after all is taken back.
    free = Outcome(account=A, sid=sid(5), status=TextStatus.SENT, at_ms=NOW, price_micros=90)
    await store.accept(text(account=A, sid=sid(5), created_ms=NOW))
    await store.acknowledge(None, [free])
    await store.acknowledge(None, [replace(free, status=TextStatus.FAILED, price_micros=0)])
    assert [each for each in await store.codes_by_day(A, *EVER) if each.measure is SPENT] == spent


async def busy(store, text, ring):
    """All measures, on two days; returns what is counted."""
    await spend(store, text, ring)
    for n in range(10, 20):
        row = replace(begun(n, attempt(n, at_ms=NOW - n % 2 * DAY_MS)), created_ms=NOW - n % 2 * DAY_MS)
        await store.begin_verification(row)
        if n % 3 == 0:
            await approve(store, row)
    refused = row_of(begun(30), attempt(30), refusal=60410)
    await store.refuse_attempt(refused, replace(begun(30), status=Status.FAILED))
    return await store.codes_by_day(A, *EVER)


async def test_a_migration_counts_the_same_in_sqlite(tmp_path, text, ring):
    path = tmp_path / "ringfence.db"
    store = SqliteStore(path)
    await store.open()
    before = await busy(store, text, ring)
    assert {each.measure for each in before} == set(CodeMeasure)
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE code_count")
        connection.executescript(SQL.joinpath("migrations", "0038_code_counts.sql").read_text())
    assert await store.codes_by_day(A, *EVER) == before
    await store.close()


async def test_a_migration_counts_the_same_in_postgresql(postgres_url, postgres_server, text, ring):
    store = PostgresStore(postgres_url)
    await store.open()
    before = await busy(store, text, ring)
    migration = SQL.joinpath("postgres", "migrations", "0038_code_counts.sql").read_text()
    name = postgres_url.split("/")[3].split("?")[0]
    postgres_server.run(name, f"SET search_path TO ringfence; DROP TABLE code_count; {migration}")
    assert await store.codes_by_day(A, *EVER) == before
    await store.close()

"""Counts of texts and calls by day follow each change, in its transaction, and a migration finds the same."""

import sqlite3
from importlib.resources import files

from tests.contract.conftest import ACCOUNT, NOW, OTHER

from ringfence.domain import call
from ringfence.domain.message import Direction, Status
from ringfence.ports.calls import CallChange, RecordingRow
from ringfence.ports.day_counts import DAY_MS, DayCalls, DayRecordings, DayTexts
from ringfence.ports.store import Outcome
from ringfence.store.postgres import PostgresStore
from ringfence.store.sqlite import SqliteStore

TODAY = NOW // DAY_MS * DAY_MS
YESTERDAY = TODAY - DAY_MS
EVER = (0, TODAY + DAY_MS)
SQL = files("ringfence.store").joinpath("sql")


def texts(status, number, day_ms=TODAY, direction=Direction.OUTBOUND_API, **more):
    return DayTexts(day_ms=day_ms, direction=direction, status=status, texts=number, **{"segments": number, **more})


def calls(status, number, day_ms=TODAY, direction=call.Direction.OUTBOUND_API, **more):
    return DayCalls(day_ms=day_ms, direction=direction, status=status, calls=number, **more)


async def moved(store, row, status, **more):
    await store.acknowledge(None, [Outcome(account=row.account, sid=row.sid, status=status, at_ms=NOW, **more)])


async def test_where_nothing_was_nothing_is_counted(store):
    assert await store.texts_by_day(ACCOUNT, *EVER) == []
    assert await store.calls_by_day(ACCOUNT, *EVER) == []


async def test_texts_are_counted_by_day_direction_status_and_currency_the_latest_day_first(store, text):
    for sid, at_ms, more in [
        ("SM1", TODAY, {"num_segments": 3, "price_micros": 100}),
        ("SM2", TODAY + DAY_MS - 1, {"price_micros": 200}),
        ("SM3", TODAY, {"price_micros": 300, "price_unit": "EUR"}),
        ("SM4", TODAY, {"direction": Direction.INBOUND, "status": Status.RECEIVED}),
        ("VL5", TODAY - 1, {"status": Status.DELIVERED}),
        ("SM6", YESTERDAY, {"status": Status.DELIVERED}),
        ("SM7", YESTERDAY - 1, {"status": Status.DELIVERED}),
        ("SM8", TODAY, {"account": OTHER}),
    ]:
        await store.accept(text(sid=sid, created_ms=at_ms, **more))
    assert await store.texts_by_day(ACCOUNT, YESTERDAY, TODAY + DAY_MS) == [
        texts(Status.RECEIVED, 1, direction=Direction.INBOUND),
        texts(Status.QUEUED, 1, price_unit="EUR", spent_micros=300),
        texts(Status.QUEUED, 2, segments=4, spent_micros=300),
        texts(Status.DELIVERED, 1, YESTERDAY),
        texts(Status.DELIVERED, 1, YESTERDAY, brings_code=True),
    ]
    # Days that begin within the bounds, whole.
    assert [each.day_ms for each in await store.texts_by_day(ACCOUNT, YESTERDAY, TODAY)] == [YESTERDAY] * 2
    assert await store.texts_by_day(ACCOUNT, YESTERDAY + 1, TODAY) == []


async def test_a_text_is_counted_as_what_it_is_now_and_stays_counted_when_it_is_erased(store, text):
    one, other = text(price_micros=100), text(price_micros=100)
    for row in (one, other, one):
        await store.accept(row)
    assert await store.texts_by_day(ACCOUNT, *EVER) == [texts(Status.QUEUED, 2, spent_micros=200)]
    await moved(store, one, Status.SENT, price_micros=70)
    await moved(store, other, Status.FAILED, price_micros=0)
    assert await store.texts_by_day(ACCOUNT, *EVER) == [
        texts(Status.FAILED, 1),
        texts(Status.SENT, 1, spent_micros=70),
    ]
    await moved(store, one, Status.DELIVERED)
    await moved(store, one, Status.SENT, price_micros=1_000)  # ignored
    await moved(store, other, Status.DELIVERED)  # ignored
    await store.delete_message(ACCOUNT, one.sid)
    assert await store.texts_by_day(ACCOUNT, *EVER) == [
        texts(Status.DELIVERED, 1, spent_micros=70),
        texts(Status.FAILED, 1),
    ]


async def test_several_outcomes_of_one_text_at_once_count_it_once(store, text):
    row = text(price_micros=100)
    await store.accept(row)
    await store.acknowledge(
        None,
        [
            Outcome(account=ACCOUNT, sid=row.sid, status=status, at_ms=NOW)
            for status in (Status.SENT, Status.DELIVERED, Status.FAILED)
        ],
    )
    assert await store.texts_by_day(ACCOUNT, *EVER) == [texts(Status.DELIVERED, 1, spent_micros=100)]


async def test_calls_are_counted_with_their_seconds_once_they_are_over(store, ring):
    row, code = ring(), ring(parent_sid="VE" + "1" * 32)
    for each in (row, row, code):
        await store.create_call(each)
    await store.create_call(ring(status=call.Status.BUSY, direction=call.Direction.INBOUND))
    await store.move_call(ACCOUNT, row.sid, CallChange(status=call.Status.RINGING, at_ms=NOW))
    await store.move_call(ACCOUNT, row.sid, CallChange(status=call.Status.IN_PROGRESS, at_ms=NOW))
    inbound = calls(call.Status.BUSY, 1, direction=call.Direction.INBOUND)
    waiting = calls(call.Status.QUEUED, 1, brings_code=True)
    assert await store.calls_by_day(ACCOUNT, *EVER) == [inbound, calls(call.Status.IN_PROGRESS, 1), waiting]
    await store.move_call(
        ACCOUNT, row.sid, CallChange(status=call.Status.COMPLETED, at_ms=NOW + 61_001, price_micros=28_000)
    )
    over = calls(call.Status.COMPLETED, 1, seconds=62, spent_micros=28_000)
    await store.delete_call(ACCOUNT, row.sid)
    assert await store.calls_by_day(ACCOUNT, *EVER) == [inbound, over, waiting]


def recording(number, status="in-progress", created_ms=TODAY, **more):
    times = {"created_ms": created_ms, "updated_ms": created_ms, "started_ms": created_ms}
    named = {"account": ACCOUNT, "sid": f"RE{number}", "call_sid": "CA1", "status": status}
    return RecordingRow(channels=2, source="RecordVerb", epoch=1, **named, **times, **more)


async def test_recordings_are_counted_with_their_seconds_once_they_are_over(store):
    for row in (recording(1), recording(2), recording(3, status="completed", duration_ms=5, created_ms=TODAY - 1)):
        for _ in range(2):
            await store.add_recording(row)
    await store.add_recording(recording(4))
    yesterday = DayRecordings(day_ms=YESTERDAY, recordings=1, seconds=1)
    assert await store.recordings_by_day(ACCOUNT, *EVER) == [yesterday]
    await store.move_recording(ACCOUNT, "RE1", "stopped", NOW, duration_ms=61_001)
    await store.move_recording(ACCOUNT, "RE2", "absent", NOW, duration_ms=9_000)
    for _ in range(2):
        await store.move_recording(ACCOUNT, "RE1", "completed", NOW)
        await store.move_recording(ACCOUNT, "RE4", "completed", NOW, duration_ms=2_000)
    await store.delete_recording(ACCOUNT, "RE4", NOW)
    today = DayRecordings(day_ms=TODAY, recordings=2, seconds=64)
    assert await store.recordings_by_day(ACCOUNT, *EVER) == [today, yesterday]
    assert await store.recordings_by_day(ACCOUNT, TODAY, TODAY + 1) == [today]
    assert await store.recordings_by_day(OTHER, *EVER) == []
    assert await store.calls_by_day(ACCOUNT, *EVER) == []


async def busy(store, text, ring):
    """Texts, calls and recordings of three days in several states; returns what is counted of them."""
    for n, status in enumerate([Status.SENT, Status.DELIVERED, Status.FAILED, Status.CANCELED] * 3):
        row = text(created_ms=TODAY - n % 3 * DAY_MS, num_segments=1 + n % 2, price_micros=n)
        await store.accept(row)
        await moved(store, row, status)
    await store.accept(text(sid="VL1", price_unit="EUR", price_micros=5))
    for n in range(4):
        row = ring(parent_sid="VE1" if n == 3 else None)
        await store.create_call(row)
        await store.move_call(ACCOUNT, row.sid, CallChange(status=call.Status.IN_PROGRESS, at_ms=NOW))
        if n:
            ended = CallChange(status=call.Status.COMPLETED, at_ms=NOW + n * 1_999, price_micros=n * 7)
            await store.move_call(ACCOUNT, row.sid, ended)
    await store.add_recording(recording(1))
    for n in range(2, 5):
        await store.add_recording(recording(n, "completed", TODAY - n % 2 * DAY_MS, duration_ms=n * 999))
    return await counted(store)


async def counted(store):
    whole = ACCOUNT, *EVER
    return await store.texts_by_day(*whole), await store.calls_by_day(*whole), await store.recordings_by_day(*whole)


async def test_a_migration_counts_the_same_in_sqlite(tmp_path, text, ring):
    path = tmp_path / "ringfence.db"
    store = SqliteStore(path)
    await store.open()
    before = await busy(store, text, ring)
    assert len(before[0]) > 8
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE day_count")
        for migration in ("0028_day_counts.sql", "0037_recording_counts.sql"):
            connection.executescript(SQL.joinpath("migrations", migration).read_text())
    assert await counted(store) == before
    await store.close()


async def test_a_migration_counts_the_same_in_postgresql(postgres_url, postgres_server, text, ring):
    store = PostgresStore(postgres_url)
    await store.open()
    before = await busy(store, text, ring)
    migrations = SQL.joinpath("postgres", "migrations")
    migration = "".join(
        migrations.joinpath(name).read_text() for name in ("0027_day_counts.sql", "0037_recording_counts.sql")
    )
    name = postgres_url.split("/")[3].split("?")[0]
    postgres_server.run(name, f"SET search_path TO ringfence; DROP TABLE day_count; {migration}")
    assert await counted(store) == before
    await store.close()

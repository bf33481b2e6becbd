"""Several processes share the calls of one store on disk, and what was acknowledged is there when it opens again."""

import asyncio

import pytest
from msgspec.structs import replace

from ringfence.domain.call import Status
from ringfence.ports.calls import CallChange, CallFilter, CallOrder, RecordingRow, StepRow
from ringfence.ports.outbox import NewEvent, Settlement
from ringfence.store.postgres import PostgresStore
from ringfence.store.sqlite import SqliteStore

NOW = 1_700_000_000_000


@pytest.fixture(params=["sqlite", "postgres"])
def another(request, tmp_path):
    """Makes stores on one database."""
    if request.param == "sqlite":
        return lambda: SqliteStore(tmp_path / "ringfence.db")
    url = request.getfixturevalue("postgres_url")
    return lambda: PostgresStore(url)


@pytest.fixture
def two(another):
    """Two stores on one database, as two processes have them."""

    async def run(story):
        one, other = another(), another()
        await one.open()
        await other.open()
        try:
            await story(one, other)
        finally:
            await one.close()
            await other.close()

    return run


def step(row):
    return StepRow(account=row.account, call_sid=row.sid, at_ms=NOW, kind="verb")


async def test_calls_are_there_when_the_store_opens_again(another, ring):
    row = ring(owner="v1")
    recording = RecordingRow(
        account=row.account,
        sid="RE1",
        call_sid=row.sid,
        status="paused",
        channels=2,
        source="DialVerb",
        epoch=7,
        started_ms=NOW,
        created_ms=NOW,
        updated_ms=NOW,
    )
    store = another()
    await store.open()
    await store.create_call(row, [NewEvent(kind="call.initiated", sequence=0, at_ms=NOW)])
    await store.hold_calls("v1", NOW, 1_000)
    await store.add_steps([step(row)])
    await store.order(CallOrder(account=row.account, call_sid=row.sid, kind="end", at_ms=NOW))
    await store.add_recording(recording)
    await store.close()
    store = another()
    await store.open()
    assert await store.calls_owned("v1") == [replace(row, sequence=1)]
    assert await store.orphaned_calls(NOW + 999, 9) == []
    assert [event.kind for event in await store.events(row.account, row.sid)] == ["call.initiated"]
    assert len(await store.steps(row.account, row.sid)) == 1
    assert [order.kind for order in await store.take_orders("v1")] == ["end"]
    assert await store.recording(row.account, "RE1") == recording
    await store.close()


async def test_two_processes_never_take_the_same_call(two, ring):
    rows = [ring() for _ in range(40)]

    async def story(one, other):
        for row in rows:
            await one.create_call(row)
        taken = await asyncio.gather(
            *(store.take_calls(f"v{n}", NOW, 1_000, 3) for n, store in enumerate([one, other] * 15))
        )
        found = [row.sid for each in taken for row in each]
        assert sorted(found) == sorted(row.sid for row in rows)
        owners = {row.sid: row.owner for each in taken for row in each}
        kept = await other.calls(rows[0].account, CallFilter(), limit=100)
        assert {row.sid: row.owner for row in kept} == owners

    await two(story)


async def test_an_orphan_is_ended_by_one_process(two, ring):
    row = ring(owner="dead", status=Status.IN_PROGRESS, answered_ms=NOW)
    told = [NewEvent(kind="call.completed", sequence=0, at_ms=NOW)]

    async def story(one, other):
        await one.create_call(row)
        change = CallChange(status=Status.COMPLETED, at_ms=NOW)
        ends = await asyncio.gather(
            *(store.move_call(row.account, row.sid, change, told) for store in [one, other] * 5)
        )
        assert sum(end is not None for end in ends) == 1
        assert len(await one.events(row.account, row.sid)) == 1
        assert len(await one.rated(row.account)) == 1

    await two(story)


async def test_an_order_reaches_its_call_or_is_refused(two, ring):
    """Orders that race with the end of a call leave none behind."""

    async def story(one, other):
        for _ in range(10):
            row = ring(owner="v1")
            await one.create_call(row)
            order = CallOrder(account=row.account, call_sid=row.sid, kind="end", at_ms=NOW)
            await asyncio.gather(
                other.order(order), one.move_call(row.account, row.sid, CallChange(status=Status.CANCELED, at_ms=NOW))
            )
        found = one._all("SELECT 1 FROM call_order")
        assert list(found if isinstance(one, SqliteStore) else await found) == []

    await two(story)


async def test_events_are_settled_while_their_calls_move(two, ring):
    rows = [ring() for _ in range(15)]

    async def story(one, other):
        for row in rows:
            await one.create_call(row, [NewEvent(kind="call.initiated", sequence=0, at_ms=NOW)])

        async def talk(row):
            for status in (Status.RINGING, Status.IN_PROGRESS, Status.COMPLETED):
                kind = f"call.{status}"
                await one.move_call(
                    row.account,
                    row.sid,
                    CallChange(status=status, at_ms=NOW),
                    [NewEvent(kind=kind, sequence=0, at_ms=NOW)],
                )
                await one.add_steps([step(row)])

        told = []

        async def tell():
            while len(told) < 4 * len(rows):
                taken = await other.take_events("d", NOW, 60_000, 50)
                told.extend((event.message_sid, event.sequence) for event in taken)
                await other.settle_events(
                    [Settlement(event_id=event.id, account=event.account, state="done") for event in taken]
                )
                await asyncio.sleep(0)

        await asyncio.gather(tell(), *map(talk, rows))
        for row in rows:
            assert [sequence for sid, sequence in told if sid == row.sid] == [0, 1, 2, 3]

    await two(story)

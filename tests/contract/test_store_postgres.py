"""PostgreSQL: what is acknowledged outlives SIGKILL of either side, and many processes share one database."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ringfence.domain.message import Status
from ringfence.ports.store import (
    DiskFullError,
    NewEvent,
    NumberTakenError,
    Outcome,
    Settlement,
    StaleFenceError,
    StockRow,
    StoreFailedError,
)
from ringfence.schema.steps import ChangedMigrationError, NewerSchemaError, UnfitDatabaseError
from ringfence.store.postgres import PostgresStore

NOW = 1_700_000_100_000
TTL = 10_000
ACCOUNT = "AC" + "a" * 32

WRITER = """
import asyncio, structlog, sys
from ringfence.domain.message import Direction, Status
from ringfence.domain.sid import new_sid
from ringfence.ports.store import MessageRow, NewEvent, StoreFailedError
from ringfence.store.postgres import PostgresStore

# What is said on stdout is what was acknowledged.
structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))

async def main():
    store = PostgresStore(sys.argv[1])
    await store.open()
    async def write():
        while True:
            sid = new_sid("SM")
            try:
                await store.accept(MessageRow(
                    account="AC" + "a" * 32, sid=sid, direction=Direction.OUTBOUND_API, status=Status.QUEUED,
                    local="+12025550123", remote_index=sid[-16:].encode(), remote_region="US", epoch=1,
                    content=b"c" * 200, num_segments=1, created_ms=1, updated_ms=1, carrier="simulator",
                ), [NewEvent(kind="message.sent", sequence=1, at_ms=1)])
            except StoreFailedError:
                await asyncio.sleep(0.05)
                continue
            print(sid, flush=True)
    await asyncio.gather(*(write() for _ in range(32)))

asyncio.run(main())
"""


async def opened(url, **options):
    store = PostgresStore(url, **options)
    await store.open()
    return store


async def opened_until_refused(url):
    """A changed setting reaches new connections a moment later."""
    for _ in range(50):
        await (await opened(url)).close()
        await asyncio.sleep(0.1)


@pytest.fixture
def two(postgres_url):
    """Two stores on one database, as two processes have them; a coroutine function to run with them."""

    def run(story):
        async def with_both():
            one, other = await opened(postgres_url), await opened(postgres_url)
            try:
                await asyncio.wait_for(story(one, other), 30)
            finally:
                await one.close()
                await other.close()

        asyncio.run(with_both())

    return run


class Writer:
    """A process that accepts texts at full speed and tells which were acknowledged."""

    def __init__(self, url):
        self.process = subprocess.Popen([sys.executable, "-c", WRITER, url], stdout=subprocess.PIPE, text=True)
        self.sids = []

    def read(self, count):
        self.sids += [self.process.stdout.readline().strip() for _ in range(count)]

    def kill(self):
        """SIGKILL, then what it had said before; a line cut short was not said."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.sids += [line.strip() for line in self.process.stdout.read().splitlines(True) if line.endswith("\n")]
        self.process.wait()
        self.process.stdout.close()


async def assert_all_there(url, sids):
    store = await opened(url)
    for sid in sids:
        assert await store.message(ACCOUNT, sid) is not None
        assert len(await store.events(ACCOUNT, sid)) == 1
    (lease,) = await store.lease("d1", "simulator", NOW, TTL, 10)
    assert {row.sid for row in await store.due(lease, NOW, 1_000_000)} >= set(sids)
    await store.close()


def test_kill_9_of_a_writer_at_full_speed_loses_nothing_acknowledged(postgres_url):
    writer = Writer(postgres_url)
    writer.read(300)
    writer.kill()
    assert len(set(writer.sids)) >= 300
    asyncio.run(assert_all_there(postgres_url, writer.sids))


def test_kill_9_of_the_server_loses_nothing_acknowledged_and_writers_go_on_after_it(postgres_server):
    url = postgres_server.database()
    writer = Writer(url)
    try:
        writer.read(300)
        postgres_server.kill()
        time.sleep(0.2)
        postgres_server.start()
        before = len(writer.sids)
        # What stood in the pipe when the server died is read first: then come those of its second life.
        writer.read(900)
    finally:
        writer.kill()
    assert len(set(writer.sids)) >= before + 900
    asyncio.run(assert_all_there(url, writer.sids))


async def test_while_the_server_is_gone_writes_and_reads_fail_and_then_succeed_again(postgres_server, text):
    store = await opened(postgres_server.database())
    row = text()
    await store.accept(row)
    assert await store.ready() is True
    postgres_server.kill()
    for attempt in (store.accept(text()), store.message(row.account, row.sid), store.take_events("d", NOW, TTL, 1)):
        with pytest.raises(StoreFailedError):
            await attempt
    assert await store.ready() is False
    await asyncio.to_thread(postgres_server.start)
    assert await store.ready() is True
    assert await store.accept(text()) is True
    assert await store.message(row.account, row.sid) == row
    await store.close()


@pytest.mark.skipif(not Path("/usr/bin/prlimit").exists(), reason="no prlimit here: apt-get install util-linux")
async def test_a_full_disk_is_told_and_loses_nothing(postgres_server, text):
    store = await opened(postgres_server.database())
    # Above the size of a segment of the WAL, and in the middle of a page of a table.
    postgres_server.limit_files(17_000_000)
    try:
        written, ends = [], []
        while not any(isinstance(end, Exception) for end in ends):
            rows = [text(content=os.urandom(100_000)) for _ in range(20)]
            ends = await asyncio.gather(*(store.accept(row) for row in rows), return_exceptions=True)
            written += [row for row, end in zip(rows, ends, strict=True) if end is True]
        assert {type(end) for end in ends if end is not True} == {DiskFullError}
        assert written
    finally:
        postgres_server.limit_files(0)
    assert await store.accept(text(content=os.urandom(100_000))) is True
    for row in written:
        assert await store.message(row.account, row.sid) == row
    await store.close()


async def test_without_a_server_opening_fails_and_the_url_is_not_told():
    store = PostgresStore("postgresql://someone:hunter2@/nowhere?host=/nonexistent")
    with pytest.raises(StoreFailedError) as failed:
        await store.open()
    assert "hunter2" not in repr(failed.value) + repr(store)
    assert await store.ready() is False
    await store.close()


async def test_a_request_that_cannot_be_written_fails_alone(postgres_url, text):
    store = await opened(postgres_url)
    rows = [text(), text(num_segments=1 << 70), text()]
    ends = await asyncio.gather(*(store.accept(row) for row in rows), return_exceptions=True)
    assert [ends[0], ends[2]] == [True, True]
    assert isinstance(ends[1], Exception)
    assert not isinstance(ends[1], StoreFailedError)
    assert await store.message(rows[1].account, rows[1].sid) is None
    await store.close()


async def test_commits_wait_for_the_disk_whatever_the_databases_default(postgres_server, postgres_url, text):
    name = postgres_server.run("postgres", "SELECT max(datname) FROM pg_database WHERE datname LIKE 'test_%'")
    postgres_server.run("postgres", f"ALTER DATABASE {name} SET synchronous_commit = off")
    try:
        store = await opened(postgres_server.url(name))
        assert await store._value("SHOW synchronous_commit") == "on"
        assert await (await store._connect()).fetchval("SHOW synchronous_commit") == "on"
        await store.close()
    finally:
        postgres_server.run("postgres", f"ALTER DATABASE {name} RESET synchronous_commit")


# Several processes


def test_each_sees_what_the_other_committed(two, text):
    async def story(one, other):
        row = text(has_callback=True)
        await one.accept(row)
        assert await other.message(row.account, row.sid) == row
        (lease,) = await other.lease("d1", "simulator", NOW, TTL, 10)
        sent = Outcome(account=row.account, sid=row.sid, status=Status.SENT, at_ms=NOW)
        assert await other.acknowledge(lease, [sent]) == [True]
        assert (await one.message(row.account, row.sid)).status is Status.SENT
        assert len(await one.events(row.account, row.sid)) == 1

    two(story)


def test_a_text_accepted_by_both_is_there_once(two, text):
    async def story(one, other):
        rows = [text() for _ in range(30)]
        told = await asyncio.gather(*(store.accept(row) for row in rows for store in (one, other)))
        assert told.count(True) == 30

    two(story)


def test_they_never_both_hold_a_queue(two, text):
    async def story(one, other):
        rows = [text(local=f"+1{n}") for n in range(20)]
        for row in rows:
            await one.accept(row)
        taken = await asyncio.gather(
            *(store.lease(f"d{n}", "simulator", NOW, TTL, 20) for n, store in enumerate([one, other] * 5))
        )
        leases = [lease for each in taken for lease in each]
        assert sorted(lease.sender for lease in leases) == sorted(row.local for row in rows)
        (stolen, *_) = await other.lease("thief", "simulator", NOW + TTL, TTL, 30)
        first = next(lease for lease in leases if lease.sender == stolen.sender)
        assert stolen.fence == first.fence + 1
        for verb in (one.acknowledge(first, []), one.renew(first, NOW, TTL), one.due(first, NOW, 1)):
            with pytest.raises(StaleFenceError):
                await verb

    two(story)


def test_they_never_both_take_an_event_or_sell_a_number(two, text, owned):
    async def story(one, other):
        for _ in range(20):
            await one.accept(text(), [NewEvent(kind="message.received", sequence=0, at_ms=NOW)])
        taken = await asyncio.gather(*(store.take_events("d", NOW, TTL, 20) for store in [one, other] * 4))
        ids = [event.id for events in taken for event in events]
        assert len(ids) == len(set(ids)) == 20
        await one.stock([StockRow(number="+1", region="US", kind="local")])
        sales = await asyncio.gather(
            *(store.buy_number(owned("+1"), from_stock=True) for store in [one, other] * 4), return_exceptions=True
        )
        assert sales.count(None) == 1
        assert sum(isinstance(end, NumberTakenError) for end in sales) == 7

    two(story)


def test_no_text_is_forgotten_by_a_queue_that_was_seen_empty_while_it_was_accepted(two, text):
    """One accepts while the other empties the same queue: each text comes up, without a second hint."""

    async def story(one, other):
        accepted, sent = set(), set()
        stop = asyncio.get_running_loop().time() + 2

        async def accept():
            while asyncio.get_running_loop().time() < stop:
                row = text()
                await one.accept(row)
                accepted.add(row.sid)

        async def send():
            for lease in await other.lease("d", "simulator", NOW, TTL, 10):
                due = await other.due(lease, NOW, 1_000)
                moved = [Outcome(account=row.account, sid=row.sid, status=Status.SENT, at_ms=NOW) for row in due]
                assert all(await other.acknowledge(lease, moved))
                sent.update(row.sid for row in due)

        async def dispatch():
            while asyncio.get_running_loop().time() < stop:
                await send()

        await asyncio.gather(accept(), accept(), accept(), dispatch())
        while accepted - sent:
            before = len(sent)
            await send()
            assert len(sent) > before
        assert sent == accepted
        assert await other.lease("d", "simulator", NOW, TTL, 10) == []

    two(story)


def test_no_event_is_stuck_behind_one_that_was_settled_while_it_was_written(two, text):
    """One writes a message's next events while the other settles those before it: none is left untaken."""

    async def story(one, other):
        rows = [text(has_callback=True) for _ in range(60)]
        for row in rows:
            await one.accept(row)

        async def move(row):
            for status in (Status.SENT, Status.DELIVERED):
                await one.acknowledge(None, [Outcome(account=row.account, sid=row.sid, status=status, at_ms=NOW)])

        told = []

        async def tell():
            quiet = 0
            while len(told) < 120 and quiet < 100:
                events = await other.take_events("d", NOW, TTL, 7)
                quiet = 0 if events else quiet + 1
                ends = [Settlement(event_id=e.id, account=e.account, state="done", at_ms=NOW) for e in events]
                await other.settle_events(ends)
                told.extend((event.message_sid, event.kind) for event in events)
                await asyncio.sleep(0.005)

        await asyncio.gather(tell(), tell(), *(move(row) for row in rows))
        assert len(told) == len(set(told)) == 120
        for row in rows:
            kinds = [kind for sid, kind in told if sid == row.sid]
            assert kinds == ["message.sent", "message.delivered"]

    two(story)


# Databases that cannot be used


async def test_two_stores_open_a_new_database_at_once(postgres_server):
    url = postgres_server.database()
    one, other = PostgresStore(url), PostgresStore(url)
    await asyncio.gather(one.open(), other.open())
    assert await one.ready()
    assert await other.ready()
    await one.close()
    await other.close()


async def test_a_database_of_a_newer_or_another_program_is_refused_and_left_alone(postgres_server):
    url = postgres_server.database()
    name = url.split("/")[3].split("?")[0]
    await (await opened(url)).close()
    postgres_server.run(name, "INSERT INTO ringfence.migration VALUES (9999, 'future', '', 0)")
    with pytest.raises(NewerSchemaError):
        await opened(url)
    postgres_server.run(name, "DELETE FROM ringfence.migration WHERE number = 9999")
    postgres_server.run(name, "UPDATE ringfence.migration SET sha256 = 'edited'")
    with pytest.raises(ChangedMigrationError):
        await opened(url)
    postgres_server.run(name, "DROP TABLE ringfence.migration")
    with pytest.raises(UnfitDatabaseError, match="another product"):
        await opened(url)


async def test_a_role_without_rights_is_refused_before_the_schema_is_there_and_served_after(postgres_server, text):
    url = postgres_server.database()
    name = url.split("/")[3].split("?")[0]
    postgres_server.run(name, f"CREATE ROLE clerk_{name} LOGIN")
    clerk = postgres_server.url(name, f"clerk_{name}")
    with pytest.raises(UnfitDatabaseError, match="owner"):
        await opened(clerk)
    await (await opened(url)).close()
    with pytest.raises(StoreFailedError):
        await opened(clerk)
    postgres_server.run(name, f"GRANT USAGE ON SCHEMA ringfence TO clerk_{name}")
    postgres_server.run(name, f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ringfence TO clerk_{name}")
    store = await opened(clerk)
    assert await store.accept(text()) is True
    await store.close()


async def test_a_server_that_does_not_sync_is_refused(postgres_server):
    url = postgres_server.database()
    postgres_server.run("postgres", "ALTER SYSTEM SET fsync = off")
    postgres_server.run("postgres", "SELECT pg_reload_conf()")
    try:
        with pytest.raises(UnfitDatabaseError, match="fsync"):
            await opened_until_refused(url)
    finally:
        postgres_server.run("postgres", "ALTER SYSTEM RESET fsync")
        postgres_server.run("postgres", "SELECT pg_reload_conf()")

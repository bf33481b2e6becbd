"""What is acknowledged is on disk: after SIGKILL, when the disk is full, between two processes."""

import asyncio
import os
import signal
import sqlite3
import stat
import subprocess
import sys

import pytest

from ringfence.domain.factor import FactorType
from ringfence.domain.message import Status
from ringfence.ports.factors import ChallengeRow
from ringfence.ports.retention import RetainedRow
from ringfence.ports.store import (
    DiskFullError,
    MessageFilter,
    NewEvent,
    NumberTakenError,
    Outcome,
    StaleFenceError,
    StockRow,
)
from ringfence.schema.steps import NewerSchemaError, UnfitDatabaseError
from ringfence.store.sqlite import SqliteStore

NOW = 1_700_000_100_000
TTL = 10_000

WRITER = """
import asyncio, sys
from pathlib import Path
from ringfence.domain.message import Direction, Status
from ringfence.domain.sid import new_sid
from ringfence.ports.retention import RetainedRow
from ringfence.ports.store import MessageRow, NewEvent
from ringfence.store.sqlite import SqliteStore

async def main():
    store = SqliteStore(Path(sys.argv[1]))
    await store.open()
    async def write():
        while True:
            sid = new_sid("SM")
            await store.accept(MessageRow(
                account="AC" + "a" * 32, sid=sid, direction=Direction.OUTBOUND_API, status=Status.QUEUED,
                local="+12025550123", remote_index=sid[-16:].encode(), remote_region="US", epoch=1,
                content=b"c" * 200, num_segments=1, created_ms=1, updated_ms=1, carrier="simulator",
            ), [NewEvent(kind="message.sent", sequence=1, at_ms=1)], RetainedRow(
                account="AC" + "a" * 32, sid=sid, part=0, duty=1, epoch=1, until_ms=1, sealed=b"s" * 60,
            ))
            print(sid, flush=True)
    await asyncio.gather(*(write() for _ in range(32)))

asyncio.run(main())
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ringfence.db"


def integrity(path):
    with sqlite3.connect(path) as connection:
        return connection.execute("PRAGMA integrity_check").fetchall()


async def fill(store, text):
    """Write until the disk is full; what was accepted."""
    written = []
    while len(written) < 5_000:
        row = text(content=b"c" * 200)
        try:
            await store.accept(row)
        except DiskFullError:
            return written
        written.append(row)
    raise AssertionError("the disk does not fill")


async def opened(path, **options):
    store = SqliteStore(path, **options)
    await store.open()
    return store


def killed_writer(path, acknowledged):
    """Run a writer at full speed and kill it after so many acknowledgements; what it said was acknowledged."""
    child = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
    try:
        sids = [child.stdout.readline().strip() for _ in range(acknowledged)]
        os.kill(child.pid, signal.SIGKILL)
        sids += [line.strip() for line in child.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
    return sids


async def test_kill_9_at_full_speed_loses_nothing_acknowledged(path):
    sids = killed_writer(path, 1_500)
    assert len(set(sids)) >= 1_500
    store = await opened(path)
    account = "AC" + "a" * 32
    for sid in sids:
        assert await store.message(account, sid) is not None
        assert len(await store.events(account, sid)) == 1
    (lease,) = await store.lease("d1", "simulator", NOW, TTL, 10)
    written = {row.sid for row in await store.due(lease, NOW, 1_000_000)}
    assert written >= set(sids)
    # Of none the text alone, and of none what is kept of it alone.
    assert {row.sid for row in await store.retained(account, 1, 1, 1, limit=1_000_000)} == written
    await store.close()
    assert integrity(path) == [("ok",)]


async def test_a_full_disk_is_told_and_loses_nothing(path, text):
    store = await opened(path, max_pages=100)
    written = await fill(store, text)
    assert written
    refused = await asyncio.gather(
        *(store.accept(text(content=b"x" * 5_000)) for _ in range(5)), return_exceptions=True
    )
    assert {type(end) for end in refused} == {DiskFullError}
    for row in written:
        assert await store.message(row.account, row.sid) == row
    assert len(await store.messages(written[0].account, MessageFilter(), limit=5_000)) == len(written)
    await store.close()
    assert integrity(path) == [("ok",)]


async def test_once_there_is_room_writes_succeed_again(path, text):
    store = await opened(path, max_pages=100)
    for row in (await fill(store, text))[:60]:
        await store.delete_message(row.account, row.sid)
    assert await store.accept(text()) is True
    await store.close()


async def test_the_files_are_their_owners_alone(path, text):
    store = await opened(path)
    await store.accept(text())
    files = list(path.parent.iterdir())
    assert {file.name for file in files} >= {"ringfence.db", "ringfence.db-wal", "ringfence.db-shm"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    await store.close()


async def test_a_database_of_a_newer_program_is_refused(path):
    await (await opened(path)).close()
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO migration VALUES (9999, 'future', '', 0)")
    store = SqliteStore(path)
    with pytest.raises(NewerSchemaError):
        await store.open()
    assert await store.ready() is False
    await store.close()


async def test_what_cannot_be_opened_as_a_database_is_told(path):
    for place, cause in ((path.parent, "Is a directory"), (path / "below" / "nothing", "No such file")):
        with pytest.raises(UnfitDatabaseError, match=cause):
            await opened(place)
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(UnfitDatabaseError, match="no SQLite database"):
        await opened(path)


@pytest.mark.skipif(os.getuid() == 0, reason="the superuser may write what is read-only")
async def test_a_read_only_database_is_told(path):
    await (await opened(path)).close()
    path.chmod(0o400)
    path.parent.chmod(0o500)
    try:
        with pytest.raises(UnfitDatabaseError, match=r"cannot be made|read-only"):
            await opened(path)
    finally:
        path.parent.chmod(0o700)


async def test_erased_content_is_in_no_file_any_more(path, text):
    def found(canary):
        return [file.name for file in path.parent.iterdir() if canary in file.read_bytes()]

    store = await opened(path)
    redacted, deleted = text(content=b"canary-redacted" * 400), text(content=b"canary-deleted" * 400)
    for row in (redacted, deleted):
        await store.accept(row)
    assert found(b"canary-redacted")
    assert found(b"canary-deleted")
    await store.rewrite(redacted.account, redacted.sid, b"", at_ms=NOW, redacted=True)
    await store.delete_message(deleted.account, deleted.sid)
    for _ in range(50):
        await asyncio.sleep(0.1)
        if not found(b"canary-"):
            break
    assert found(b"canary-") == []
    await store.close()


async def test_what_was_kept_long_enough_is_in_no_file_any_more(path, text):
    def found():
        return [file.name for file in path.parent.iterdir() if b"canary-" in file.read_bytes()]

    store = await opened(path)
    row = text()
    kept = RetainedRow(
        account=row.account, sid=row.sid, part=0, duty=1, epoch=1, until_ms=NOW, sealed=b"canary-kept" * 400
    )
    await store.accept(row, (), kept)
    assert found()
    assert await store.erase_retained(NOW, 9) == 1
    for _ in range(50):
        await asyncio.sleep(0.1)
        if not found():
            break
    assert found() == []
    await store.close()


async def test_a_question_that_nobody_answered_is_in_no_file_any_more(path):
    def found():
        return [file.name for file in path.parent.iterdir() if b"canary-" in file.read_bytes()]

    store = await opened(path)
    question = ChallengeRow(
        account="AC1",
        sid="YC1",
        service="VA1",
        entity="",
        factor="",
        factor_type=FactorType.PASSKEYS,
        epoch=1,
        content=b"canary-asked" * 400,
        created_ms=NOW,
        updated_ms=NOW,
        expires_ms=NOW + 1,
    )
    await store.create_challenge(question)
    assert found()
    assert await store.forget_unanswered("AC1", NOW + 1) == 1
    for _ in range(50):
        if not found():
            break
        await asyncio.sleep(0.1)
    assert found() == []
    await store.close()


async def two(path):
    return await opened(path), await opened(path)


async def test_two_stores_on_one_file_see_what_the_other_committed(path, text):
    one, other = await two(path)
    row = text(has_callback=True)
    await one.accept(row)
    assert await other.message(row.account, row.sid) == row
    (lease,) = await other.lease("d1", "simulator", NOW, TTL, 10)
    sent = Outcome(account=row.account, sid=row.sid, status=Status.SENT, at_ms=NOW)
    assert await other.acknowledge(lease, [sent]) == [True]
    assert (await one.message(row.account, row.sid)).status is Status.SENT
    assert len(await one.events(row.account, row.sid)) == 1
    await one.close()
    await other.close()


async def test_two_stores_never_both_hold_a_queue(path, text):
    one, other = await two(path)
    rows = [text(local=f"+1{n}") for n in range(20)]
    for row in rows:
        await one.accept(row)
    taken = await asyncio.gather(
        *(store.lease(f"d{n}", "simulator", NOW, TTL, 3) for n, store in enumerate([one, other] * 10))
    )
    senders = [lease.sender for leases in taken for lease in leases]
    assert sorted(senders) == sorted(row.local for row in rows)
    first = next(lease for leases in taken for lease in leases)
    (stolen, *_) = await other.lease("thief", "simulator", NOW + TTL, TTL, 30)
    assert stolen.fence == first.fence + 1
    with pytest.raises(StaleFenceError):
        await one.acknowledge(first, [])
    await one.close()
    await other.close()


async def test_two_stores_never_both_take_an_event_or_sell_a_number(path, text, owned):
    one, other = await two(path)
    for _ in range(20):
        await one.accept(text(), [NewEvent(kind="message.received", sequence=0, at_ms=NOW)])
    taken = await asyncio.gather(*(store.take_events("d", NOW, TTL, 3) for store in [one, other] * 10))
    ids = [event.id for events in taken for event in events]
    assert len(ids) == len(set(ids)) == 20
    await one.stock([StockRow(number="+1", region="US", kind="local")])
    sales = await asyncio.gather(
        *(store.buy_number(owned("+1"), from_stock=True) for store in [one, other] * 4), return_exceptions=True
    )
    assert sales.count(None) == 1
    assert sum(isinstance(end, NumberTakenError) for end in sales) == 7
    await one.close()
    await other.close()


async def test_two_stores_open_a_new_file_at_once(path):
    one, other = SqliteStore(path), SqliteStore(path)
    await asyncio.gather(one.open(), other.open())
    await one.close()
    await other.close()
    assert integrity(path) == [("ok",)]


async def test_a_store_beside_a_busy_one_gets_its_turn(path, text):
    busy, patient = await two(path)
    done = False

    async def load():
        while not done:
            await busy.accept(text(content=bytes(2_000)))

    writers = [asyncio.create_task(load()) for _ in range(32)]
    await asyncio.sleep(0.1)
    loop, took_s = asyncio.get_running_loop(), []
    for _ in range(30):
        start_s = loop.time()
        await patient.accept(text())
        took_s.append(loop.time() - start_s)
    done = True
    await asyncio.gather(*writers)
    assert sorted(took_s)[len(took_s) // 2] < 0.5
    await busy.close()
    await patient.close()

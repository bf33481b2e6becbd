import asyncio
import sqlite3
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest

from ringfence.kms.store import KeyStore
from ringfence.schema import sqlite_migrate
from ringfence.schema.steps import ChangedMigrationError, NewerSchemaError, UnfitDatabaseError, steps_in


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[KeyStore]:
    store = KeyStore(path)
    await store.open()
    try:
        yield store
    finally:
        await store.close()


def put(account: str) -> Any:
    return lambda db: db.execute("INSERT INTO account (account, generation) VALUES (?, 0)", (account,)).rowcount


def test_a_write_is_there_for_the_next_read_and_after_a_restart(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with opened(tmp_path / "kms.db") as store:
            assert await store.write(put("AC1")) == 1
            assert store.row("SELECT account FROM account") == ("AC1",)
            assert store.row("SELECT account FROM account WHERE account = ?", "AC2") is None
        async with opened(tmp_path / "kms.db") as store:
            assert store.rows("SELECT account FROM account") == [("AC1",)]

    run(scene())


def test_a_write_that_raises_undoes_itself_and_no_other(run: Any, tmp_path: Path) -> None:
    def half(db: sqlite3.Connection) -> None:
        db.execute("INSERT INTO account (account, generation) VALUES ('half', 0)")
        raise LookupError("no")

    async def scene() -> None:
        async with opened(tmp_path / "kms.db") as store:
            results = await asyncio.gather(
                store.write(put("AC1")),
                store.write(half),
                store.write(put("AC1")),
                store.write(put("AC2")),
                store.write(put("AC2"), undoes_itself=True),
                return_exceptions=True,
            )
            assert results[0] == results[3] == 1
            assert isinstance(results[4], sqlite3.IntegrityError)
            assert isinstance(results[1], LookupError)
            assert isinstance(results[2], sqlite3.IntegrityError)
            assert store.rows("SELECT account FROM account") == [("AC1",), ("AC2",)]

    run(scene())


def test_writes_that_arrive_together_share_one_commit(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with opened(tmp_path / "kms.db") as store:
            states = await asyncio.gather(*(store.write(lambda db: db.total_changes) for _ in range(3)))
            assert len(states) == 3
            await asyncio.gather(*(store.write(put(f"AC{number}")) for number in range(2_500)))
            assert store.row("SELECT count(*) FROM account") == (2_500,)

    run(scene())


def test_when_the_disk_fails_the_callers_are_told_and_later_writes_go_on(run: Any, tmp_path: Path) -> None:
    def fail(db: sqlite3.Connection) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    async def scene() -> None:
        async with opened(tmp_path / "kms.db") as store:
            results = await asyncio.gather(store.write(put("AC1")), store.write(fail), return_exceptions=True)
            for told in results:
                assert isinstance(told, ConnectionError)
                assert str(told) == "the key store cannot write"
                assert isinstance(told.__cause__, sqlite3.OperationalError)
            await store.write(put("AC2"))
            with pytest.raises(ConnectionError, match=r"^the key store cannot be read$"):
                store.rows("SELECT nothing FROM nowhere")

    run(scene())


def test_the_database_is_private_syncs_fully_and_wipes_what_is_deleted(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with opened(tmp_path / "kms.db") as store:

            def pragmas(db: sqlite3.Connection) -> list[Any]:
                names = ("journal_mode", "synchronous", "secure_delete", "temp_store")
                return [db.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

            assert await store.write(pragmas) == ["wal", 2, 1, 2]
            assert (tmp_path / "kms.db").stat().st_mode & 0o777 == 0o600
            with pytest.raises(ConnectionError):
                store.rows("DELETE FROM account")  # the reading side cannot write

    run(scene())


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ("INSERT INTO migration VALUES (99, 'future', '', 0)", NewerSchemaError),
        ("UPDATE migration SET sha256 = 'edited'", ChangedMigrationError),
        ("DROP TABLE migration", UnfitDatabaseError),
    ],
)
def test_a_database_of_another_version_or_product_is_left_alone(
    run: Any, tmp_path: Path, change: str, refusal: type[Exception]
) -> None:
    async def scene() -> None:
        async with opened(tmp_path / "kms.db"):
            pass
        with sqlite3.connect(tmp_path / "kms.db") as other:
            other.execute(change)
        other.close()
        with pytest.raises(refusal):
            await KeyStore(tmp_path / "kms.db").open()

    run(scene())


def test_a_database_from_before_checksums_keeps_its_rows(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with opened(tmp_path / "kms.db") as store:
            await store.write(put("AC1"))
            steps = store.rows("SELECT number, sha256 FROM migration")
        with sqlite3.connect(tmp_path / "kms.db") as older:
            older.execute("DROP TABLE migration")
            older.execute(f"PRAGMA user_version = {len(steps)}")
        older.close()
        async with opened(tmp_path / "kms.db") as store:
            assert store.rows("SELECT account FROM account") == [("AC1",)]
            assert store.rows("SELECT number, sha256 FROM migration") == steps

    run(scene())


def test_a_database_of_an_earlier_version_is_copied_before_it_is_migrated(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "kms.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as earlier:
        sqlite_migrate.migrate(earlier, path, steps_in("ringfence.kms", "sql/migrations")[:1])
        put("AC1")(earlier)

    async def scene() -> None:
        async with opened(path) as store:
            assert store.rows("SELECT account FROM account") == [("AC1",)]

    run(scene())
    with closing(sqlite3.connect(tmp_path / "kms.db.before-0002")) as copy:
        assert copy.execute("SELECT number FROM migration").fetchall() == [(1,)]


@pytest.mark.parametrize("was_open", [True, False])
def test_closed_or_never_opened_it_says_so(run: Any, tmp_path: Path, was_open: bool) -> None:
    async def scene() -> None:
        store = KeyStore(tmp_path / "kms.db")
        if was_open:
            await store.open()
            await store.close()
        await store.close()
        with pytest.raises(ConnectionError, match=r"^the key store is closed$"):
            store.rows("SELECT 1")
        with pytest.raises(ConnectionError, match=r"^the key store is closed$"):
            await store.write(put("AC1"))

    run(scene())


def test_its_writer_keeps_no_process_from_ending(run: Any, tmp_path: Path) -> None:
    others = set(threading.enumerate())

    def writers() -> list[bool]:
        return [thread.daemon for thread in set(threading.enumerate()) - others if thread.name == "key-store"]

    async def scene() -> None:
        async with opened(tmp_path / "kms.db"):
            assert writers() == [True]
        assert writers() == []

    run(scene())


class Held:
    """A store whose writer is held in a write of its own, so that what is queued meanwhile comes as one group."""

    def __init__(self, store: KeyStore) -> None:
        self.statements: list[str] = []
        self._store = store
        self._taken = threading.Event()
        self._go_on = threading.Event()

    async def __aenter__(self) -> "Held":
        self._holding = asyncio.ensure_future(self._store.write(self._hold))
        await asyncio.to_thread(self._taken.wait, 10)
        return self

    def _hold(self, db: sqlite3.Connection) -> None:
        self._taken.set()
        assert self._go_on.wait(10)
        db.set_trace_callback(self.statements.append)

    async def __aexit__(self, *_: object) -> None:
        self._go_on.set()
        await self._holding


def starts(statements: list[str]) -> list[str]:
    return [statement.partition(" ")[0] for statement in statements]


def test_a_group_is_bounded(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ringfence.kms.store.GROUP_MAX", 3)

    async def scene() -> None:
        async with opened(tmp_path / "kms.db") as store:
            async with Held(store) as held:
                writes = [asyncio.ensure_future(store.write(put(f"AC{n}"), undoes_itself=True)) for n in range(7)]
                await asyncio.sleep(0)
            await asyncio.gather(*writes)
            groups = [group.count("INSERT") for group in " ".join(starts(held.statements)).split("COMMIT")]
            assert groups == [0, 3, 3, 1, 0]

    run(scene())


def test_only_what_needs_to_be_undone_has_a_savepoint(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with opened(tmp_path / "kms.db") as store:
            async with Held(store) as held:
                writes = [
                    asyncio.ensure_future(store.write(put(account), undoes_itself=account == "AC1"))
                    for account in ("AC1", "AC2", "AC2")
                ]
                await asyncio.sleep(0)
            await asyncio.wait(writes)
            assert starts(held.statements) == [
                *("RELEASE", "COMMIT"),  # of what held the writer
                *("BEGIN", "INSERT", "SAVEPOINT", "INSERT", "RELEASE", "SAVEPOINT", "INSERT", "ROLLBACK", "RELEASE"),
                "COMMIT",
            ]

    run(scene())


def test_who_stops_waiting_keeps_no_answer_from_the_others(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with opened(tmp_path / "kms.db") as store:
            async with Held(store):
                first, second = (asyncio.ensure_future(store.write(put(account))) for account in ("AC1", "AC2"))
                await asyncio.sleep(0)
                first.cancel()
            assert await asyncio.wait_for(second, 10) == 1
            assert first.cancelled()
            assert store.rows("SELECT account FROM account") == [("AC1",), ("AC2",)]

    run(scene())


def test_erased_rows_leave_the_disk_once_nobody_reads(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "kms.db"

    def bytes_on_disk() -> bytes:
        return b"".join(file.read_bytes() for file in tmp_path.glob("kms.db*"))

    async def scene() -> None:
        async with opened(path) as store:
            await store.write(put("AC-to-be-erased"))
            await store.write(lambda db: db.execute("DELETE FROM account"))
            assert await store.scrub() is True
            assert b"AC-to-be-erased" in bytes_on_disk()  # nobody said that it was erased
            await store.write(put("AC1"), erases=True)
            reader = sqlite3.connect(path, isolation_level=None)
            reader.execute("BEGIN")
            reader.execute("SELECT * FROM account").fetchall()
            asked_s = time.monotonic()
            assert await store.scrub() is False
            assert time.monotonic() - asked_s < 4  # and it was not waited for
            reader.execute("COMMIT")
            reader.close()
            assert await store.scrub() is True
            assert b"AC-to-be-erased" not in bytes_on_disk()
            assert store.rows("SELECT account FROM account") == [("AC1",)]

    run(scene())


def test_where_the_disk_does_not_let_it_erased_rows_leave_later(run: Any, tmp_path: Path) -> None:
    path, aside = tmp_path / "kms.db", tmp_path / "aside.db"

    async def scene() -> None:
        async with opened(path) as store:
            await store.write(put("AC1"), erases=True)
            path.rename(aside)
            path.mkdir()  # what no database can be opened from
            assert await store.scrub() is False
            path.rmdir()
            aside.rename(path)
            assert await store.scrub() is True
            assert (tmp_path / "kms.db-wal").stat().st_size == 0

    run(scene())

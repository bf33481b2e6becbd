import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ringfence.kms.store import KeyStore
from ringfence.schema.steps import ChangedMigrationError, NewerSchemaError, UnfitDatabaseError


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
            assert isinstance(results[1], ConnectionError)
            await store.write(put("AC2"))
            with pytest.raises(ConnectionError):
                store.rows("SELECT nothing FROM nowhere")

    run(scene())


def test_the_database_is_private_syncs_fully_and_wipes_what_is_deleted(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with opened(tmp_path / "kms.db") as store:

            def pragmas(db: sqlite3.Connection) -> list[Any]:
                names = ("journal_mode", "synchronous", "secure_delete")
                return [db.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

            assert await store.write(pragmas) == ["wal", 2, 1]
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


def test_closed_it_says_so(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with opened(tmp_path / "kms.db") as store:
            pass
        await store.close()
        with pytest.raises(ConnectionError):
            store.rows("SELECT 1")
        with pytest.raises(ConnectionError):
            await store.write(put("AC1"))

    run(scene())


def test_erased_rows_leave_the_disk_once_nobody_reads(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "kms.db"

    def bytes_on_disk() -> bytes:
        return b"".join(file.read_bytes() for file in tmp_path.glob("kms.db*"))

    async def scene() -> None:
        async with opened(path) as store:
            assert await store.scrub() is True
            await store.write(put("AC-to-be-erased"))
            await store.write(lambda db: db.execute("DELETE FROM account"))
            await store.scrub()
            assert b"AC-to-be-erased" in bytes_on_disk()  # nobody said that it was erased
            await store.write(put("AC1"), erases=True)
            reader = sqlite3.connect(path, isolation_level=None)
            reader.execute("BEGIN")
            reader.execute("SELECT * FROM account").fetchall()
            assert await store.scrub() is False
            reader.execute("COMMIT")
            reader.close()
            assert await store.scrub() is True
            assert b"AC-to-be-erased" not in bytes_on_disk()
            assert store.rows("SELECT account FROM account") == [("AC1",)]

    run(scene())

"""The key service's own database: SQLite, WAL, FULL, secure_delete; one writer thread that commits in groups."""

import asyncio
import contextlib
import os
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from ringfence.schema import sqlite_migrate
from ringfence.schema.steps import Migration, steps_in

DATABASE = "kms.db"
GROUP_MAX = 1_000
LOCK_TIMEOUT_S = 10
SCRUB_TIMEOUT_S = 0.05

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], Any]


class Write(NamedTuple):
    """Work to do in a transaction, and who waits for it."""

    work: Work
    done: asyncio.Future[Any]
    undoes_itself: bool = False


class KeyStore:
    """Reads at once on the event loop's thread; writes in groups, each durable before it is answered.

    A write is a function of a connection. It runs inside a transaction, on the writer's thread, alone; what it raises
    undoes it and no other.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._queue: queue.SimpleQueue[Write | None] = queue.SimpleQueue()
        self._writer: threading.Thread | None = None
        self._reading: sqlite3.Connection | None = None
        self._erased = False

    async def open(self) -> None:
        """Create or migrate the database and start the writer. Raises the errors of `schema.steps`."""
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
        writing = self._connect()
        try:
            migrate(writing, self._path)
        except BaseException:
            writing.close()
            raise
        self._reading = self._connect()
        self._reading.execute("PRAGMA query_only = ON")
        self._writer = threading.Thread(target=self._write_groups, args=(writing,), name="key-store", daemon=True)
        self._writer.start()

    async def close(self) -> None:
        """Commit what is queued and stop. Idempotent."""
        if self._writer is not None:
            self._queue.put(None)
            await asyncio.to_thread(self._writer.join)
            self._writer = None
        if self._reading is not None:
            self._reading.close()
            self._reading = None

    def rows(self, sql: str, *parameters: object) -> list[Any]:
        """What is committed. ConnectionError when the database cannot be read."""
        if self._reading is None:
            raise ConnectionError("the key store is closed")
        try:
            return self._reading.execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            raise ConnectionError("the key store cannot be read") from error

    def row(self, sql: str, *parameters: object) -> Any | None:
        """The first row of `rows`, or None."""
        found = self.rows(sql, *parameters)
        return found[0] if found else None

    async def write(
        self, work: Callable[[sqlite3.Connection], T], *, erases: bool = False, undoes_itself: bool = False
    ) -> T:
        """Run `work` in a transaction; its result once that is on disk. ConnectionError when it cannot be.

        With `erases` the next `scrub` takes what it removed off the disk as well. `undoes_itself` says that the work
        changes rows by one statement at most: where that fails it has changed nothing.
        """
        if self._writer is None:
            raise ConnectionError("the key store is closed")
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.put(Write(work, done, undoes_itself))
        result = await done
        self._erased = self._erased or erases
        return result

    async def scrub(self) -> bool:
        """Empty the WAL, in which erased rows still stand, if there are any. False: not now, ask again later."""
        if self._erased:
            self._erased = False
            if not await asyncio.to_thread(self._empty_wal):
                self._erased = True
        return not self._erased

    def _empty_wal(self) -> bool:
        try:
            with contextlib.closing(sqlite3.connect(self._path, timeout=SCRUB_TIMEOUT_S)) as connection:
                (busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error:
            return False
        return not busy

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=LOCK_TIMEOUT_S)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA temp_store = MEMORY")
        return connection

    def _write_groups(self, writing: sqlite3.Connection) -> None:
        open_ = True
        while open_:
            group = [self._queue.get()]
            while len(group) < GROUP_MAX and not self._queue.empty():
                group.append(self._queue.get())
            open_ = None not in group
            settle(commit(writing, [write for write in group if write is not None]))
        writing.close()


Outcome = tuple[Write, Any, Exception | None]


def commit(writing: sqlite3.Connection, group: Sequence[Write]) -> list[Outcome]:
    """One transaction for all; an error within one write undoes that one."""
    outcomes: list[Outcome] = []
    try:
        writing.execute("BEGIN IMMEDIATE")
        for write in group:
            outcomes.append(_attempt(writing, write))
        writing.execute("COMMIT")
    except Exception as error:
        if writing.in_transaction:
            writing.execute("ROLLBACK")
        failure = ConnectionError("the key store cannot write")
        failure.__cause__ = error
        return [(write, None, failure) for write in group]
    return outcomes


def _attempt(writing: sqlite3.Connection, write: Write) -> Outcome:
    if not write.undoes_itself:
        writing.execute("SAVEPOINT one")
    try:
        result = write.work(writing)
    except sqlite3.OperationalError:
        raise  # the disk is full or failing: that undoes the group
    except Exception as error:
        if not write.undoes_itself:
            writing.execute("ROLLBACK TO one")
            writing.execute("RELEASE one")
        return write, None, error
    if not write.undoes_itself:
        writing.execute("RELEASE one")
    return write, result, None


def settle(outcomes: Sequence[Outcome]) -> None:
    """Tell those who wait, on their loop's thread."""
    if not outcomes:
        return

    def tell() -> None:
        for write, result, error in outcomes:
            if write.done.done():
                continue
            if error is not None:
                write.done.set_exception(error)
            else:
                write.done.set_result(result)

    outcomes[0][0].done.get_loop().call_soon_threadsafe(tell)


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the database to this version, an older one backed up first. Raises the errors of `schema.steps`."""
    steps = steps_in("ringfence.kms", "sql/migrations")
    _note_what_was_counted(connection, steps)
    sqlite_migrate.migrate(connection, path, steps)


def _note_what_was_counted(connection: sqlite3.Connection, steps: Sequence[Migration]) -> None:
    """Versions before checksums were kept only counted their migrations, in user_version."""
    connection.execute("BEGIN IMMEDIATE")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    for step in steps[:version]:
        sqlite_migrate.note(connection, step)
    connection.execute("PRAGMA user_version = 0")
    connection.execute("COMMIT")

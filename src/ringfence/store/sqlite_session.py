"""Connections to the embedded database, and its writing side for the committer."""

import os
import sqlite3
from pathlib import Path

from ringfence.ports.store import DiskFullError, StoreFailedError
from ringfence.schema.sqlite_migrate import migrate, unfit
from ringfence.schema.steps import Migration, steps_in
from ringfence.store.turnstile import Turnstile

BUSY_TIMEOUT_MS = 5_000
SCRUB_TIMEOUT_MS = 50
# 64 MB: a checkpoint holds up the commit that makes it, and writes what many commits changed again and again once.
CHECKPOINT_PAGES = 16_000
WRITER_CACHE_KIB = 32_768
READER_MAP_BYTES = 1 << 30
CACHED_STATEMENTS = 512


def create_file(path: Path) -> None:
    """Make the database file, for its owner alone; SQLite gives the files beside it the same mode."""
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    path.chmod(0o600)


def connect_writer(path: Path) -> sqlite3.Connection:
    """WAL, an fsync for every commit, erased content overwritten."""
    connection = _connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    connection.execute(f"PRAGMA cache_size = -{WRITER_CACHE_KIB}")
    return connection


def connect_reader(path: Path) -> sqlite3.Connection:
    """Sees what is committed, writes nothing, reads the file through a map."""
    connection = _connect(path)
    connection.execute("PRAGMA query_only = ON")
    connection.execute(f"PRAGMA mmap_size = {READER_MAP_BYTES}")
    return connection


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, cached_statements=CACHED_STATEMENTS
    )
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA temp_store = MEMORY")
    return connection


def migrations() -> list[Migration]:
    """The steps of the embedded store."""
    return steps_in("ringfence.store", "sql/migrations")


def _migrated(path: Path, max_pages: int | None, migrates: bool) -> sqlite3.Connection:
    connection = connect_writer(path)
    try:
        migrate(connection, path, migrations(), allowed=migrates)
        if max_pages is not None:
            connection.execute(f"PRAGMA max_page_count = {max_pages:d}")
    except BaseException:
        connection.close()
        raise
    return connection


class SqliteWriter:
    """What verbs write with: a connection, and a note that something was erased."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.erased = False
        self.run = connection.execute
        self.run_many = connection.executemany


class SqliteSession:
    """`committer.Session` over one connection: migrates when opened, scrubs the WAL of erased content when it rests."""

    def __init__(self, path: Path, *, max_pages: int | None = None, migrates: bool = True) -> None:
        """`max_pages` bounds the file (in pages of 4 KiB): beyond it writes raise DiskFullError.

        StoreFailedError says why the file cannot be used.
        """
        # Not even the change to WAL waits for its turn by itself: SQLite answers "locked" at once.
        self._turnstile = Turnstile(path)
        try:
            self._turnstile.enter()
            self._connection = _migrated(path, max_pages, migrates)
            self._turnstile.leave()
        except BaseException as error:
            self._turnstile.close()
            if isinstance(error, sqlite3.Error):
                raise unfit(error) from None
            raise
        self.tx = SqliteWriter(self._connection)

    def begin(self) -> None:
        self._turnstile.enter()
        self._connection.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        self._connection.execute("COMMIT")
        self._turnstile.leave()

    def rollback(self) -> None:
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        finally:
            self._turnstile.leave()

    def mark(self) -> None:
        self._connection.execute("SAVEPOINT mark")

    def unmark(self) -> None:
        self._connection.execute("RELEASE mark")

    def undo(self) -> None:
        self._connection.execute("ROLLBACK TO mark")

    def failure(self, error: Exception) -> StoreFailedError | None:
        if not isinstance(error, sqlite3.Error) or isinstance(error, sqlite3.IntegrityError):
            return None
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if code == sqlite3.SQLITE_FULL:
            return DiskFullError("the disk, or the file's bound, is full")
        if code in (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISUSE, sqlite3.SQLITE_RANGE):
            return None
        return StoreFailedError(getattr(error, "sqlite_errorname", "SQLITE_ERROR"))

    @property
    def restless(self) -> bool:
        return self.tx.erased

    def rest(self) -> None:
        """Empty the WAL, in which the erased bytes still stand. When another process reads, later."""
        self._turnstile.enter()
        try:
            self._scrub()
        finally:
            self._turnstile.leave()

    def _scrub(self) -> None:
        self._connection.execute(f"PRAGMA busy_timeout = {SCRUB_TIMEOUT_MS}")
        try:
            (busy, _, _) = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            self.tx.erased = bool(busy)
        except sqlite3.OperationalError:
            self.tx.erased = True
        finally:
            self._connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")

    def close(self) -> None:
        self._connection.close()
        self._turnstile.close()

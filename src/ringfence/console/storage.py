"""The consoles' own database: SQLite, WAL, FULL, one thread; each piece of work is a transaction of its own.

It holds no content and no key: people, public halves of passkeys, sessions, invitations.
"""

import asyncio
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from ringfence.ports.store import StoreFailedError
from ringfence.schema import sqlite_migrate
from ringfence.schema.steps import steps_in

DATABASE = "console.db"
BUSY_S = 5.0

# What a backup has none of: who comes back with it signs in anew, links are of ten minutes, what
# two of staff do is asked anew, and whoever would be an owner may have been refused since.
PASSING = ("used_nonce", "sso_session", "session", "invitation", "act_request", "owner_claim")

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]


class ConsoleStorage:
    """Work is a function of a connection. It runs alone, on the storage's thread; what it raises undoes it.

    ConnectionError where the database cannot be read or written now. Other processes of this user may have it open.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread: ThreadPoolExecutor | None = None
        self._connection: sqlite3.Connection | None = None

    async def open(self) -> None:
        """Create or migrate the database, mode 0600. StoreFailedError where it cannot be used."""
        self._thread = ThreadPoolExecutor(1, "console-storage")
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._open)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Finish what is under way, and stop. Idempotent."""
        if self._thread is not None:
            thread, self._thread = self._thread, None
            await asyncio.get_running_loop().run_in_executor(thread, self._close)
            thread.shutdown()

    async def run(self, work: Work[T]) -> T:
        """What `work` returns, once what it wrote is on disk."""
        if self._thread is None:
            raise ConnectionError("the consoles' database is closed")
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._transact, work)

    def _open(self) -> None:
        try:
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            connection = sqlite3.connect(self._path, isolation_level=None, timeout=BUSY_S)
            for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "temp_store = MEMORY"):
                connection.execute(f"PRAGMA {pragma}")
            sqlite_migrate.migrate(connection, self._path, steps_in("ringfence.console", "sql"))
        except (sqlite3.Error, OSError) as error:
            if isinstance(error, StoreFailedError):
                raise
            raise sqlite_migrate.unfit(error) from None
        self._connection = connection

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _transact(self, work: Work[T]) -> T:
        assert self._connection is not None
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                result = work(self._connection)
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise ConnectionError("the consoles' database cannot be used now") from error
        return result


def copy_people(path: Path, target: Path) -> None:
    """Copy the database while it is in use, without what passes; mode 0600."""
    sqlite_migrate.back_up(path, target)
    connection = sqlite3.connect(target, isolation_level=None)
    try:
        # One file, as a copy that is moved must be.
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("PRAGMA secure_delete = ON")
        for table in PASSING:
            connection.execute(f"DELETE FROM {table}")  # noqa: S608 - named above
        connection.execute("VACUUM")
    finally:
        connection.close()

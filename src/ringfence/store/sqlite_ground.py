"""What every part of the embedded store stands on: a reading connection and the committer."""

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from ringfence.ports.store import StoreFailedError
from ringfence.schema.sqlite_migrate import pending_of, unfit
from ringfence.schema.steps import Migration
from ringfence.store.columns import Columns
from ringfence.store.committer import PENDING_LIMIT, Committer, Verb
from ringfence.store.directory import Directory, Entries, keep
from ringfence.store.sqlite_session import SqliteSession, SqliteWriter, connect_reader, create_file, migrations

Request = TypeVar("Request")
Row = TypeVar("Row", bound=msgspec.Struct)
Result = TypeVar("Result")

VERSION = "SELECT version FROM directory_version"


class SqliteGround:
    """Opens and closes one database file. Several processes may have it open."""

    def __init__(
        self, path: Path, *, pending_limit: int = PENDING_LIMIT, max_pages: int | None = None, migrates: bool = True
    ) -> None:
        """`pending_limit` bounds the writes that wait, `max_pages` the file (pages of 4 KiB).

        Without `migrates`, `open` raises UnmigratedError where the file lacks migrations.
        """
        self._path = path
        self._committer = Committer(
            lambda: SqliteSession(path, max_pages=max_pages, migrates=migrates), pending_limit=pending_limit
        )
        self._reader: sqlite3.Connection | None = None
        self._directory = Directory()
        self._standing: Entries | None = None

    async def open(self) -> None:
        if self._reader is not None:
            return
        try:
            create_file(self._path)
        except OSError as error:
            raise unfit(error) from None
        await self._committer.start()
        self._reader = connect_reader(self._path)

    async def close(self) -> None:
        await self._committer.close()
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    async def pending(self) -> list[Migration]:
        """The migrations that `open` would apply. StoreFailedError says why it would not."""
        return pending_of(self._path, migrations())

    async def ready(self) -> bool:
        return self._reader is not None and self._committer.ready

    async def _write(self, verb: Verb[SqliteWriter, Request, Result], request: Request) -> Result:
        return await self._committer.write(verb, request)

    def _all(self, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[Any]:
        if self._reader is None:
            raise StoreFailedError("the store is closed")
        return self._reader.execute(sql, values).fetchall()

    def _one(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """The first row, or None. Fetching all ends the statement, and with it the snapshot it holds."""
        rows = self._all(sql, values)
        return rows[0] if rows else None

    def _known(self, sql: str, columns: Columns[Row], *key: str, absent_too: bool = False) -> Row | None:
        """A row of the directory by its key. `absent_too`: it is kept that none is there, of keys that are few."""
        entries = self._entries()
        place = (sql, *key)
        found: Row | None = entries.get(place)
        if found is None and place not in entries:
            values = self._one(sql, key)
            if values is not None:
                found = columns.read(values)
            if found is not None or absent_too:
                keep(entries, place, found)
        return found

    def _entries(self) -> Entries:
        """The directory as of this turn of the event loop.

        What is committed later, by whatever process, is told of in a later turn at the earliest.
        """
        if self._standing is None:
            (version,) = self._one(VERSION)
            self._standing = self._directory.at(version, seen=self._directory.version)
            asyncio.get_running_loop().call_soon(self._look_again)
        return self._standing

    def _look_again(self) -> None:
        self._standing = None

"""What every part of the store on PostgreSQL stands on: a pool for reading and lanes for writing."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any, TypeVar

import asyncpg
import msgspec
import structlog

from ringfence.ports.store import StoreFailedError
from ringfence.schema.steps import Migration
from ringfence.store.columns import Columns
from ringfence.store.committer import PENDING_LIMIT
from ringfence.store.directory import Entries, keep
from ringfence.store.postgres_committer import Connection, PostgresCommitter, Verb
from ringfence.store.postgres_connection import check, connect, connect_pool, failure
from ringfence.store.postgres_directory import PostgresDirectory
from ringfence.store.postgres_migrate import migrate, migrations, pending_of

_log = structlog.get_logger(__name__)

Request = TypeVar("Request")
Row = TypeVar("Row", bound=msgspec.Struct)
Result = TypeVar("Result")

READERS = 8


class PostgresGround:
    """Opens and closes one database. Several processes, on several machines, may have it open.

    There are four lanes, each a connection with its own group commit: texts and accounts; calls; the outbox; leases.
    What locks rows of messages, calls, events or leases does so in order of their keys, and no lane waits for another's
    locks while it holds what that one wants.
    """

    def __init__(
        self, url: str, *, pending_limit: int = PENDING_LIMIT, readers: int = READERS, migrates: bool = True
    ) -> None:
        """`url` as libpq takes it; `pending_limit` bounds the writes that wait in each lane, `readers` the pool.

        Without `migrates`, `open` raises UnmigratedError where the database lacks migrations.
        """
        self._migrates = migrates
        self._url = url
        self._readers = readers
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None
        self._directory = PostgresDirectory(self._value)
        self._texts, self._calls, self._outbox, self._leases = (
            PostgresCommitter(self._connect, pending_limit=pending_limit) for _ in range(4)
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"

    async def open(self) -> None:
        if self._pool is not None:
            return
        async with self._first_connection() as first:
            await migrate(first, migrations(), allowed=self._migrates)
        try:
            for lane in self._lanes:
                await lane.start()
            self._pool = await connect_pool(self._url, self._readers, self._directory.reconnected)
        except BaseException:
            await self.close()
            raise

    async def pending(self) -> list[Migration]:
        """The migrations that `open` would apply. StoreFailedError says why it would not."""
        async with self._first_connection() as first:
            return await pending_of(first, migrations())

    @contextlib.asynccontextmanager
    async def _first_connection(self) -> AsyncIterator[Connection]:
        """To a server that was found fit."""
        first = await connect(self._url)
        try:
            await check(first)
            yield first
        except Exception as error:
            raise failure(error) or error from None
        finally:
            await first.close()

    async def close(self) -> None:
        for lane in self._lanes:
            await lane.close()
        if self._pool is not None:
            pool, self._pool = self._pool, None
            await pool.close()

    async def ready(self) -> bool:
        if self._pool is None or not all(lane.ready for lane in self._lanes):
            return False
        try:
            return bool(await self._value("SELECT NOT pg_is_in_recovery()"))
        except StoreFailedError:
            return False

    @property
    def _lanes(self) -> tuple[PostgresCommitter, ...]:
        return self._texts, self._calls, self._outbox, self._leases

    async def _connect(self) -> Connection:
        return await connect(self._url)

    async def _write(self, verb: Verb[Request, Result], request: Request) -> Result:
        return await self._texts.write(verb, request)

    async def _write_directory(self, verb: Verb[Request, Result], request: Request) -> Result:
        """As _write, for what changes accounts, credentials, numbers or opt-outs."""
        try:
            return await self._texts.write(verb, request)
        finally:
            self._directory.changed()

    async def _known(self, sql: str, columns: Columns[Row], *key: str, absent_too: bool = False) -> Row | None:
        """A row of the directory by its key. `absent_too`: it is kept that none is there, of keys that are few."""
        entries = await self._entries()
        place = (sql, *key)
        found: Row | None = entries.get(place)
        if found is None and place not in entries:
            values = await self._one(sql, *key)
            if values is not None:
                found = columns.read(values)
            if found is not None or absent_too:
                keep(entries, place, found)
        return found

    async def _entries(self) -> Entries:
        return await self._directory.entries()

    async def _all(self, sql: str, *values: Any) -> Sequence[Any]:
        if self._pool is None:
            raise StoreFailedError("the store is closed")
        try:
            rows: Sequence[Any] = await self._pool.fetch(sql, *values)
        except Exception as error:
            failed = failure(error)
            if failed is not None:
                _log.warning("reading failed", error=type(error).__name__)
            raise failed or error from None
        return rows

    async def _one(self, sql: str, *values: Any) -> Any:
        """The first row, or None."""
        rows = await self._all(sql, *values)
        return rows[0] if rows else None

    async def _value(self, sql: str, *values: Any) -> Any:
        """The first column of the first row, or None."""
        row = await self._one(sql, *values)
        return None if row is None else row[0]

    async def _made_ms(self, sql: str, account: str | None, before: str | None) -> int | None:
        """When the last row of the page before was made, by a statement that takes the account, if any, and its sid."""
        if before is None:
            return None
        found: int | None = await self._value(sql, *(key for key in (account, before) if key is not None))
        return found


def count(tag: str) -> int:
    """How many rows a command changed, by its tag (`INSERT 0 1`, `UPDATE 3`)."""
    return int(tag.rpartition(" ")[2])


def columns(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Rows turned into one array a column, as `unnest` takes them."""
    return [list(column) for column in zip(*rows, strict=True)]

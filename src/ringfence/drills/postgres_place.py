"""A database of a drill's own on a PostgreSQL server, and what its thief takes: rows, files, write-ahead log.

The files can be taken where they lie on this machine and this user may read them, and by a superuser of the server.
"""

import contextlib
import secrets
import shutil
import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from ringfence.roles.refusal import RefusalError
from ringfence.store.postgres_connection import SCHEMA

FILES = "server"
_ROWS_AT_ONCE = 1_000


class PostgresPlace:
    """One drill's database. `taken` says what the last theft found of the server's files."""

    def __init__(self, url: str, oid: int, data: Path | None, first_segment: str) -> None:
        self.url = url
        self.taken = "rows only: the server's files cannot be read here"
        self._oid = oid
        self._data = data
        self._first_segment = first_segment

    def __repr__(self) -> str:
        return f"PostgresPlace({self._oid})"

    async def dump(self, path: Path) -> None:
        """All rows, in a SQLite file of the same tables: what `pg_dump` gives, for a thief who asks with SQL."""
        path.parent.mkdir(parents=True, exist_ok=True)
        source = await asyncpg.connect(self.url)
        target = sqlite3.connect(path)
        try:
            for (table,) in await source.fetch(
                "SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace "
                "WHERE nspname = $1 AND relkind = 'r'",
                SCHEMA,
            ):
                await _copy_table(source, target, table)
            target.commit()
        finally:
            target.close()
            await source.close()

    async def steal(self, folder: Path) -> None:
        """The rows, and the server's files as they lie: tables, indexes, statistics, log and write-ahead log."""
        await self.dump(folder / "ringfence.db")
        if self._data is None:
            return
        asking = await asyncpg.connect(self.url)
        try:
            last_segment, written = await asking.fetchrow("SELECT * FROM pg_walfile_name_offset(pg_current_wal_lsn())")
            await asking.execute("CHECKPOINT")
            segments = self._segments(last_segment)
            files = [*_under(self._data / "base" / str(self._oid)), *_under(self._data / "global"), *segments]
            files += [path for path in (*self._data.glob("*.log"), *_under(self._data / "log")) if path.is_file()]
            size = 0
            for path in files:
                place = folder / FILES / path.relative_to(self._data)
                place.parent.mkdir(parents=True, exist_ok=True)
                with contextlib.suppress(FileNotFoundError):
                    shutil.copyfile(path, place)
                    if path.name == last_segment:
                        # Behind its end lies what a segment of earlier held, another drill's perhaps.
                        with place.open("r+b") as copy:
                            copy.truncate(written)
                    size += place.stat().st_size
        finally:
            await asking.close()
        self.taken = f"{len(files)} files of the server, {size / 1e6:.0f} MB, {len(segments)} of write-ahead log"

    def _segments(self, last: str) -> list[Path]:
        """The write-ahead log of this drill's time."""
        assert self._data is not None
        found = sorted(path for path in (self._data / "pg_wal").iterdir() if len(path.name) == len(last))
        return [path for path in found if self._first_segment <= path.name <= last]


@contextlib.asynccontextmanager
async def postgres_place(server: str) -> AsyncIterator[PostgresPlace]:
    """A new database beside the one that `server` names, dropped at the end. RefusalError where none can be made."""
    name = f"ringfence_drill_{secrets.token_hex(6)}"
    try:
        asking = await asyncpg.connect(server)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        cure = "start the server, or name another: --database postgresql://USER@HOST/DATABASE"
        raise RefusalError(f"--database: PostgreSQL does not answer: {type(error).__name__}", cure) from None
    try:
        try:
            await asking.execute(f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8'")
        except asyncpg.PostgresError as error:
            cure = "name a role that has CREATEDB; for a theft of the server's files, a superuser"
            raise RefusalError(f"--database: no database can be made: {type(error).__name__}", cure) from None
        try:
            oid = await asking.fetchval("SELECT oid FROM pg_database WHERE datname = $1", name)
            data, first = await _files(asking, oid)
            yield PostgresPlace(_of_database(server, name), oid, data, first)
        finally:
            await asking.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    finally:
        await asking.close()


async def _files(asking: "asyncpg.Connection[asyncpg.Record]", oid: int) -> tuple[Path | None, str]:
    """The server's folder and the first segment of write-ahead log from now on; None where they cannot be had."""
    try:
        data = Path(await asking.fetchval("SHOW data_directory"))
        # What was written before, by another drill too, is in other segments.
        await asking.execute("SELECT pg_switch_wal()")
        first = str(await asking.fetchval("SELECT pg_walfile_name(pg_current_wal_lsn())"))
        next((data / "base" / str(oid)).iterdir())
        next((data / "pg_wal").iterdir())
    except (OSError, StopIteration, asyncpg.InsufficientPrivilegeError):
        return None, ""
    return data, first


async def _copy_table(source: "asyncpg.Connection[asyncpg.Record]", target: sqlite3.Connection, table: str) -> None:
    async with source.transaction():
        cursor = await source.cursor(f'SELECT * FROM {SCHEMA}."{table}"')  # noqa: S608 - a name from the catalogue
        columns: list[str] = []
        while rows := await cursor.fetch(_ROWS_AT_ONCE):
            if not columns:
                columns = list(rows[0].keys())
                names = ", ".join(f'"{column}"' for column in columns)
                target.execute(f'CREATE TABLE "{table}" ({names})')
            marks = ", ".join("?" * len(columns))
            target.executemany(f'INSERT INTO "{table}" VALUES ({marks})', [tuple(row) for row in rows])  # noqa: S608
        if not columns:
            names = ", ".join(f'"{each}"' for (each,) in await source.fetch(_COLUMNS, f'{SCHEMA}."{table}"'))
            target.execute(f'CREATE TABLE "{table}" ({names})')


_COLUMNS = """
SELECT attname FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""


def _under(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else iter(())


def _of_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))

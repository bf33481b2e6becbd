"""Where a drill keeps its store: a database of its own on a PostgreSQL server that was named, or a SQLite file."""

import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from ringfence.roles.refusal import RefusalError

if TYPE_CHECKING:
    from ringfence.drills.postgres_place import PostgresPlace


@contextlib.asynccontextmanager
async def database_of(server: str) -> "AsyncIterator[PostgresPlace | None]":
    """The database on a server, dropped at the end; None for SQLite. RefusalError where it cannot be had."""
    if not server:
        yield None
        return
    # asyncpg is there only where PostgreSQL is wanted.
    try:
        from ringfence.drills.postgres_place import postgres_place
    except ModuleNotFoundError:
        raise RefusalError("--database: asyncpg is missing", "pip install 'ringfence[postgres]'") from None
    async with postgres_place(server) as place:
        yield place

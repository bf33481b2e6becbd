"""Migrations of PostgreSQL: forward only, all in one transaction, one process at a time."""

import time
from collections.abc import Sequence

from ringfence.schema.steps import Migration, UnfitDatabaseError, UnmigratedError, lacking, steps_in
from ringfence.store.postgres_committer import Connection
from ringfence.store.postgres_connection import SCHEMA

_HISTORY = """
CREATE TABLE ringfence.migration (
  number bigint PRIMARY KEY,
  name text NOT NULL,
  sha256 text NOT NULL,
  applied_ms bigint NOT NULL
)
"""


def migrations() -> list[Migration]:
    """The steps of the store on PostgreSQL."""
    return steps_in("ringfence.store", "sql/postgres/migrations")


async def pending_of(connection: Connection, steps: Sequence[Migration]) -> list[Migration]:
    """Those of `steps` that the database lacks; nothing is written. Raises what `migrate` raises."""
    return lacking(await _applied(connection), steps)


async def migrate(connection: Connection, steps: Sequence[Migration], *, allowed: bool = True) -> list[Migration]:
    """Bring the database up to the last of `steps`; returns those that were applied.

    Raises NewerSchemaError, ChangedMigrationError, UnfitDatabaseError or, where not `allowed`, UnmigratedError before
    anything is written. Where nothing is lacking it only reads, so that roles without the right to change tables may
    call it.
    """
    lacks = await pending_of(connection, steps)
    if not lacks:
        return []
    if not allowed:
        raise UnmigratedError(lacks)
    if not await _may_create(connection):
        raise UnfitDatabaseError(
            "the schema is not up to date, and this role may not change it: run `ringfence migrate` as its owner"
        )
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('ringfence.migration', 0))")
        if not await _has_schema(connection):
            await connection.execute("CREATE SCHEMA ringfence")
        pending = lacking(await _applied(connection), steps)
        if len(pending) == len(steps):
            await connection.execute(_HISTORY)
        for step in pending:
            await connection.execute(step.sql)
            await connection.execute(
                "INSERT INTO ringfence.migration VALUES ($1, $2, $3, $4)",
                step.number,
                step.name,
                step.sha256,
                time.time_ns() // 1_000_000,
            )
    return pending


async def _applied(connection: Connection) -> dict[int, str]:
    """Checksums of what was applied. UnfitDatabaseError when the schema holds what is not ours."""
    tables = {
        name
        for (name,) in await connection.fetch(
            "SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace "
            "WHERE nspname = $1 AND relkind = 'r'",
            SCHEMA,
        )
    }
    if not tables:
        return {}
    columns = await connection.fetch(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = $1 AND table_name = 'migration'",
        SCHEMA,
    )
    if "migration" not in tables or not {name for (name,) in columns} >= {"number", "name", "sha256", "applied_ms"}:
        raise UnfitDatabaseError(f"schema {SCHEMA} holds tables of another product: name another database")
    return dict(await connection.fetch("SELECT number, sha256 FROM ringfence.migration"))


async def _has_schema(connection: Connection) -> bool:
    return bool(await connection.fetchval("SELECT 1 FROM pg_namespace WHERE nspname = $1", SCHEMA))


async def _may_create(connection: Connection) -> bool:
    """In the schema where there is one, else in the database."""
    if await _has_schema(connection):
        return bool(await connection.fetchval("SELECT has_schema_privilege($1, 'CREATE')", SCHEMA))
    return bool(await connection.fetchval("SELECT has_database_privilege(current_database(), 'CREATE')"))

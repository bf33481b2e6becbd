"""Forget what a database holds of ours, and touch nothing of anybody else's."""

import re

import asyncpg

from ringfence.schema.steps import UnfitDatabaseError
from ringfence.store.postgres_committer import Connection
from ringfence.store.postgres_connection import SCHEMA, connect, failure
from ringfence.store.postgres_migrate import migrations

LOCK_TIMEOUT_MS = 5_000
_CREATED = re.compile(r"^CREATE (?:OR REPLACE )?(TABLE|FUNCTION) (\w+)", re.MULTILINE)
# What deploy/postgresql/restrict.sql makes, so that a role keeps to what it is for.
_HOLDS = re.compile(r"hold_(voice|dispatcher|console)_to_\w+")
_FOUND = """
SELECT 'TABLE', relname FROM pg_class
WHERE relnamespace = $1::text::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f')
UNION ALL SELECT 'FUNCTION', proname FROM pg_proc WHERE pronamespace = $1::text::regnamespace
"""
_OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'ringfence' AND pid <> pg_backend_pid()
"""


async def reset_database(url: str, *, dry: bool = False) -> int:
    """Drop our tables and functions; the schema stays, with the rights on it. How many there are; `dry` only counts.

    UnfitDatabaseError where the schema holds what is not ours, or another process uses it; StoreFailedError.
    """
    connection = await connect(url)
    try:
        ours = await _ours(connection)
        if ours and not dry:
            await _drop(connection, ours)
        return len(ours)
    except Exception as error:
        raise failure(error) or error from None
    finally:
        await connection.close()


async def _ours(connection: Connection) -> list[tuple[str, str]]:
    """(TABLE or FUNCTION, name), tables first."""
    if not await connection.fetchval("SELECT to_regnamespace($1) IS NOT NULL", SCHEMA):
        return []
    history = ("TABLE", "migration")
    known = {history} | {kind_and_name for step in migrations() for kind_and_name in _CREATED.findall(step.sql)}
    found = {(kind, name) for kind, name in await connection.fetch(_FOUND, SCHEMA)}
    others = {(kind, name) for kind, name in found - known if kind != "FUNCTION" or not _HOLDS.fullmatch(name)}
    if found and (others or history not in found):
        named = ", ".join(f"{kind.lower()} {name}" for kind, name in sorted(others)[:3])
        what = f"holds what this version did not make: {named}" if others else "has no table migration"
        raise UnfitDatabaseError(f"schema {SCHEMA} {what}; nothing was deleted")
    if users := await connection.fetchval(_OTHERS):
        raise UnfitDatabaseError(f"ringfence still uses it ({users} connections): stop it on every machine first")
    return sorted(found, reverse=True)


async def _drop(connection: Connection, ours: list[tuple[str, str]]) -> None:
    """All or none. Without CASCADE: what somebody built on our tables keeps them there."""
    async with connection.transaction():
        await connection.execute(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}")
        try:
            for kind in ("TABLE", "FUNCTION"):
                if names := [f"{SCHEMA}.{name}" for of_kind, name in ours if of_kind == kind]:
                    await connection.execute(f"DROP {kind} {', '.join(names)}")
        except asyncpg.DependentObjectsStillExistError:
            raise UnfitDatabaseError("something else is built on our tables: drop that first") from None
        except asyncpg.LockNotAvailableError:
            raise UnfitDatabaseError("somebody reads our tables: try again later") from None

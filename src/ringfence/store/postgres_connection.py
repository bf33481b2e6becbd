"""Connections to PostgreSQL, and what their errors mean."""

import asyncio
from collections.abc import Callable
from typing import Any

import asyncpg

from ringfence.ports.store import DiskFullError, StoreFailedError
from ringfence.schema.steps import UnfitDatabaseError

CONNECT_TIMEOUT_S = 10.0
COMMAND_TIMEOUT_S = 30.0
OLDEST_VERSION = 140_000
SCHEMA = "ringfence"

# A stopped process must not hold its locks for ever, nor a machine that vanished. And a plan made while a table was
# small must not read all of it when it is not: each statement here is made to find its few rows one by one through an
# index.
_SERVER_SETTINGS = {
    "application_name": "ringfence",
    "search_path": SCHEMA,
    "idle_in_transaction_session_timeout": "10000",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "client_min_messages": "warning",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "jit": "off",
}

# The server keeps a plan for as long as the statement, or until it looks at the table again, once a minute. One made
# for an empty table finds a text by its account alone, and reads all of the account's texts for each: it must not stay.
PLAN_LIFE_S = 2

_OPTIONS: dict[str, Any] = {
    "timeout": CONNECT_TIMEOUT_S,
    "command_timeout": COMMAND_TIMEOUT_S,
    "statement_cache_size": 500,
    "max_cached_statement_lifetime": PLAN_LIFE_S,
    "server_settings": _SERVER_SETTINGS,
}

# Where the server's own default is to acknowledge before the disk has it.
_DURABLE = """
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'
"""

# Classes of SQLSTATE that are the database's fault: connection, resources, operator, system, corruption; and read-only.
_FAILURES = ("08", "53", "57", "58", "F0", "XX", "25", "28", "3D", "42501")
_CONFLICTS = frozenset({"40001", "40P01"})


async def connect(url: str) -> "asyncpg.Connection[asyncpg.Record]":
    """A connection whose commits are on disk. StoreFailedError, which never holds the URL, when there is none."""
    try:
        connection = await asyncpg.connect(url, **_OPTIONS)
    except Exception as error:
        raise failure(error) or error from None
    await prepare(connection)
    return connection


async def connect_pool(url: str, size: int, connected: Callable[[], None]) -> "asyncpg.Pool[asyncpg.Record]":
    """Connections for reading; nothing is reset between two uses, for nothing is set. Each new one is told."""

    async def begin(connection: Any) -> None:
        await prepare(connection)
        connected()

    try:
        return await asyncpg.create_pool(url, min_size=1, max_size=size, init=begin, reset=_keep, **_OPTIONS)
    except Exception as error:
        raise failure(error) or error from None


async def prepare(connection: Any) -> None:
    """Make commits wait for the disk."""
    await connection.execute(_DURABLE)


async def check(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """UnfitDatabaseError, with cause and cure, for a server that cannot keep what the store promises."""
    version, encoding, fsync, replica, read_only = await connection.fetchrow(
        "SELECT current_setting('server_version_num')::int, current_setting('server_encoding'), "
        "current_setting('fsync'), pg_is_in_recovery(), current_setting('default_transaction_read_only')"
    )
    if version < OLDEST_VERSION:
        raise UnfitDatabaseError(f"PostgreSQL {version // 10_000} is too old: use {OLDEST_VERSION // 10_000} or newer")
    if encoding != "UTF8":
        raise UnfitDatabaseError(f"the database's encoding is {encoding}: create it with ENCODING 'UTF8'")
    if fsync != "on":
        raise UnfitDatabaseError("the server runs with fsync = off and may lose texts: turn it on")
    if replica:
        raise UnfitDatabaseError("the server is a read-only replica: name the primary")
    if read_only != "off":
        raise UnfitDatabaseError(
            "transactions are read-only by default: reset default_transaction_read_only of database, role or server"
        )


def failure(error: Exception) -> StoreFailedError | None:
    """What `error` means when the database, not the statement, is at fault."""
    if isinstance(error, StoreFailedError):
        return error
    if isinstance(error, asyncpg.PostgresError):
        state = error.sqlstate or ""
        if isinstance(error, asyncpg.DiskFullError):
            return DiskFullError("the database server's disk is full")
        if state.startswith(_FAILURES) or state in _CONFLICTS:
            return StoreFailedError(f"PostgreSQL: {type(error).__name__}")
        return None
    if isinstance(error, asyncpg.DataError):
        return None
    if isinstance(error, OSError | asyncio.TimeoutError | asyncpg.InterfaceError | asyncpg.InternalClientError):
        return StoreFailedError(f"PostgreSQL does not answer: {type(error).__name__}")
    return None


def is_conflict(error: Exception) -> bool:
    """True when the transaction lost against another and may simply be tried again."""
    return isinstance(error, asyncpg.PostgresError) and error.sqlstate in _CONFLICTS


async def _keep(connection: Any) -> None:
    """Between two uses of a pooled connection."""

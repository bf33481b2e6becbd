"""Group commit on PostgreSQL: whatever is pending when the last transaction ended is the next one.

As in `committer`, there is no linger: a lone write commits at once, and under load one commit serves many writers.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from copy import copy
from typing import Any, TypeAlias, TypeVar

import asyncpg
import msgspec
import structlog

from ringfence.ports.store import QueueFullError, StoreFailedError
from ringfence.store.committer import BATCH_LIMIT, PENDING_LIMIT
from ringfence.store.postgres_connection import failure, is_conflict

ATTEMPTS = 5
ROLLBACK_TIMEOUT_S = 5.0

_log = structlog.get_logger(__name__)

Request = TypeVar("Request")
Result = TypeVar("Result")
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

Verb = Callable[[Connection, Sequence[Request]], Awaitable[Sequence[Result | Exception]]]
"""What one kind of write does: requests to results, in order, inside a transaction that others share.

A result that is an exception fails that request alone, and must mean that nothing of it was written. A verb may be
run again, so it must not change anything but the database.
"""


class _Entry(msgspec.Struct, eq=False):
    verb: Verb[Any, Any]
    request: Any
    future: asyncio.Future[Any]
    end: Any = None


class PostgresCommitter:
    """Runs verbs in shared transactions on one connection, and answers each only after its commit."""

    def __init__(self, connect: Callable[[], Awaitable[Connection]], *, pending_limit: int = PENDING_LIMIT) -> None:
        """`connect` is called at the start, and again after a connection was lost."""
        self._connect = connect
        self._pending_limit = pending_limit
        self._pending = 0
        self._queue: deque[_Entry] = deque()
        self._rung = asyncio.Event()
        self._connection: Connection | None = None
        self._task: asyncio.Task[None] | None = None
        self._closing = False

    async def start(self) -> None:
        """Connect and begin; raises what connecting raised."""
        self._closing = False
        self._connection = await self._connect()
        self._task = asyncio.create_task(self._run(), name="committer")

    @property
    def ready(self) -> bool:
        """True when a write would be taken now."""
        return self._task is not None and not self._closing and self._pending < self._pending_limit

    async def write(self, verb: Verb[Request, Result], request: Request) -> Result:
        """Run `verb` on `request` and return its result once it is on disk; a cancelled caller's write still happens.

        Raises what the verb raised for this request; QueueFullError; StoreFailedError.
        """
        if self._task is None or self._closing:
            raise StoreFailedError("the store is closed")
        if self._pending >= self._pending_limit:
            raise QueueFullError
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._pending += 1
        self._queue.append(_Entry(verb, request, future))
        self._rung.set()
        return await future

    async def close(self) -> None:
        """Commit what is pending, then stop. Idempotent."""
        self._closing = True
        self._rung.set()
        if self._task is not None:
            await asyncio.shield(self._task)
            self._task = None
        if self._connection is not None:
            await _hang_up(self._connection)
            self._connection = None

    async def _run(self) -> None:
        while True:
            while self._queue:
                batch = [self._queue.popleft() for _ in range(min(len(self._queue), BATCH_LIMIT))]
                await self._commit(batch)
                self._pending -= len(batch)
                for entry in batch:
                    _finish(entry)
            if self._closing:
                return
            self._rung.clear()
            await self._rung.wait()

    async def _commit(self, batch: Sequence[_Entry]) -> None:
        """Give every entry its end; all of them the same where the database failed."""
        careful = False
        for attempt in range(1, ATTEMPTS + 1):
            try:
                await _transact(await self._connected(), batch, careful=careful)
                return
            except Exception as error:
                await self._roll_back(error)
                failed = failure(error)
                if failed is None and not careful:
                    careful = True
                elif attempt == ATTEMPTS or not is_conflict(error):
                    failed = failed or StoreFailedError(type(error).__name__)
                    _log.warning("transaction failed", error=type(error).__name__, attempts=attempt, count=len(batch))
                    for entry in batch:
                        # A copy each: raising adds a traceback to what is raised.
                        entry.end = copy(failed)
                    return

    async def _connected(self) -> Connection:
        if self._connection is None or self._connection.is_closed():
            self._connection = await self._connect()
        return self._connection

    async def _roll_back(self, error: Exception) -> None:
        """Leave no transaction open: a connection that does not obey is dropped, and the server ends what it held."""
        connection = self._connection
        if connection is None or connection.is_closed():
            return
        try:
            if isinstance(error, TimeoutError):
                connection.terminate()
            else:
                await connection.execute("ROLLBACK", timeout=ROLLBACK_TIMEOUT_S)
        except Exception as second:
            error.add_note(f"the rollback failed too: {type(second).__name__}")
            connection.terminate()


async def _transact(connection: Connection, batch: Sequence[_Entry], *, careful: bool) -> None:
    """One transaction. Where a verb raised in the first one, `careful` finds out for whom it must."""
    groups: dict[Any, list[_Entry]] = {}
    for entry in batch:
        groups.setdefault(entry.verb, []).append(entry)
    await connection.execute("BEGIN")
    for verb, entries in groups.items():
        if careful:
            await _apply(connection, verb, entries)
        else:
            await _answer(connection, verb, entries)
    if await connection.execute("COMMIT") != "COMMIT":
        raise StoreFailedError("the transaction was not committed")


async def _answer(connection: Connection, verb: Verb[Any, Any], entries: Sequence[_Entry]) -> None:
    ends = await verb(connection, [entry.request for entry in entries])
    for entry, end in zip(entries, ends, strict=True):
        entry.end = end


async def _apply(connection: Connection, verb: Verb[Any, Any], entries: Sequence[_Entry]) -> None:
    """All entries in one call; if that raises, each alone."""
    await connection.execute("SAVEPOINT mark")
    try:
        await _answer(connection, verb, entries)
    except Exception as error:
        if failure(error) is not None:
            raise
        await connection.execute("ROLLBACK TO mark")
        if len(entries) == 1:
            entries[0].end = error
        else:
            for entry in entries:
                await _apply(connection, verb, [entry])
    await connection.execute("RELEASE mark")


async def _hang_up(connection: Connection) -> None:
    if not connection.is_closed():
        try:
            await connection.close(timeout=ROLLBACK_TIMEOUT_S)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            connection.terminate()


def _finish(entry: _Entry) -> None:
    if entry.future.done():
        return
    if isinstance(entry.end, Exception):
        entry.future.set_exception(entry.end)
    else:
        entry.future.set_result(entry.end)

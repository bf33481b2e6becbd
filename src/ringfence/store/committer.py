"""Group commit: whatever is pending when the last commit ended is the next transaction.

There is no linger: a lone write commits at once, and under load one fsync serves many writers. What one turn of the
event loop writes stays together, or the first of many writers would commit alone.

Where another process holds the database and stands still, nobody waits for it without end: what could not begin in time
fails and is never written, and until a turn comes again all else fails at once.
"""

import asyncio
import threading
from collections.abc import Callable, Sequence
from copy import copy
from queue import Empty, SimpleQueue
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from ringfence.ports.store import QueueFullError, StoreFailedError

PENDING_LIMIT = 10_000
BATCH_LIMIT = 1_000
QUIET_S = 1.0
# From the call until the transaction begins: longer than a full line of writers takes on a disk that is slow.
BEGIN_LIMIT_S = 5.0

STALLED = "another process holds the database and does not go on"

Tx = TypeVar("Tx", covariant=True)
AnyTx = TypeVar("AnyTx")
Request = TypeVar("Request")
Result = TypeVar("Result")

Verb = Callable[[AnyTx, Sequence[Request]], Sequence[Result | Exception]]
"""What one kind of write does: requests to results, in order, inside a transaction that others share.

A result that is an exception fails that request alone, and must mean that nothing of it was written. A verb that
raises is run again, request by request, and the others of its transaction with it: it must not change anything but the
database.
"""


class Session(Protocol[Tx]):
    """The writing side of one database, used by the committer's thread alone."""

    @property
    def tx(self) -> Tx:
        """What verbs write with."""

    def begin(self) -> None: ...

    def commit(self) -> None:
        """Return only when the transaction is on disk."""

    def rollback(self) -> None:
        """Undo the transaction, if there is one."""

    def mark(self) -> None:
        """Set a point to come back to."""

    def unmark(self) -> None:
        """Forget the last mark."""

    def undo(self) -> None:
        """Undo what came after the last mark, which stays."""

    def failure(self, error: Exception) -> StoreFailedError | None:
        """What `error` means when the database, not the verb, is at fault."""

    @property
    def restless(self) -> bool:
        """True when `rest` has something to do."""

    def rest(self) -> None:
        """Called after a quiet second, and at the end. Does not raise: what failed stays to be done."""

    def close(self) -> None: ...


class _Entry(msgspec.Struct, eq=False):
    verb: Verb[Any, Any, Any]
    request: Any
    future: asyncio.Future[Any]
    end: Any = None


class _Group:
    """What one turn of the loop wrote. `claim` decides, once, whether it is written or given up."""

    __slots__ = ("alarm", "claim", "entries")

    def __init__(self, entries: list[_Entry]) -> None:
        self.entries = entries
        self.claim = threading.Lock()
        self.alarm: asyncio.TimerHandle | None = None


class Committer(Generic[AnyTx]):
    """Runs verbs in shared transactions on a thread of its own, and answers each only after its commit."""

    def __init__(self, session: Callable[[], Session[AnyTx]], *, pending_limit: int = PENDING_LIMIT) -> None:
        """`session` is called in the committer's thread."""
        self._make_session = session
        self._pending_limit = pending_limit
        self._pending = 0
        self._gathered: list[_Entry] = []
        self._queue: SimpleQueue[_Group | None] = SimpleQueue()
        self._stalled = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended: asyncio.Future[None] | None = None

    async def start(self) -> None:
        """Open the session and begin; raises what opening raised."""
        self._loop = asyncio.get_running_loop()
        opened, self._ended = self._loop.create_future(), self._loop.create_future()
        threading.Thread(target=self._run, args=(opened, self._ended), name="committer", daemon=True).start()
        await opened

    @property
    def ready(self) -> bool:
        """True when a write would be taken now."""
        return self._loop is not None and not self._stalled and self._pending < self._pending_limit

    async def write(self, verb: Verb[AnyTx, Request, Result], request: Request) -> Result:
        """Run `verb` on `request` and return its result once it is on disk; a cancelled caller's write still happens.

        Raises what the verb raised for this request; QueueFullError; StoreFailedError.
        """
        if self._loop is None:
            raise StoreFailedError("the store is closed")
        if self._stalled:
            raise StoreFailedError(STALLED)
        if self._pending >= self._pending_limit:
            raise QueueFullError
        future: asyncio.Future[Result] = self._loop.create_future()
        self._pending += 1
        if not self._gathered:
            self._loop.call_soon(self._hand_over)
        self._gathered.append(_Entry(verb, request, future))
        return await future

    def _hand_over(self) -> None:
        gathered, self._gathered = self._gathered, []
        loop = asyncio.get_running_loop()
        for start in range(0, len(gathered), BATCH_LIMIT):
            group = _Group(gathered[start : start + BATCH_LIMIT])
            group.alarm = loop.call_later(BEGIN_LIMIT_S, self._give_up, group)
            self._queue.put(group)

    def _give_up(self, group: _Group) -> None:
        """Fail what has not begun; it still counts as pending until the thread has put it aside."""
        if not group.claim.acquire(blocking=False):
            return
        self._stalled = True
        for entry in group.entries:
            _finish(entry.future, StoreFailedError(STALLED))

    async def close(self) -> None:
        """Commit what is pending, then stop. Idempotent."""
        if self._loop is not None:
            self._loop = None
            self._hand_over()
            self._queue.put(None)
        if self._ended is not None:
            await asyncio.shield(self._ended)

    def _run(self, opened: asyncio.Future[None], ended: asyncio.Future[None]) -> None:
        loop = opened.get_loop()
        try:
            session = self._make_session()
        except Exception as error:
            self._loop = None
            _call(loop, _finish, ended, None)
            _call(loop, _finish, opened, error)
            return
        _call(loop, _finish, opened, None)
        try:
            while batch := self._next(session):
                _commit(session, batch)
                _call(loop, self._tell, batch)
        finally:
            try:
                if session.restless:
                    session.rest()
            finally:
                session.close()
                _call(loop, _finish, ended, None)

    def _next(self, session: Session[AnyTx]) -> list[_Group]:
        """What is pending, at least one; empty at the end."""
        while True:
            try:
                group = self._queue.get(timeout=QUIET_S if session.restless else None)
                break
            except Empty:
                session.rest()
        batch: list[_Group] = []
        size = 0
        while group is not None:
            batch.append(group)
            size += len(group.entries)
            if size >= BATCH_LIMIT or self._queue.empty():
                return batch
            group = self._queue.get()
        if batch:
            self._queue.put(None)
        return batch

    def _tell(self, batch: Sequence[_Group]) -> None:
        self._stalled = False
        for group in batch:
            if group.alarm is not None:
                group.alarm.cancel()
            self._pending -= len(group.entries)
            for entry in group.entries:
                _finish(entry.future, entry.end)


def _commit(session: Session[AnyTx], batch: Sequence[_Group]) -> None:
    """Give every entry that was not given up its end; all of them the same where the database failed."""
    groups: dict[Any, list[_Entry]] = {}
    try:
        session.begin()
        for group in batch:
            if group.claim.acquire(blocking=False):
                for entry in group.entries:
                    groups.setdefault(entry.verb, []).append(entry)
        try:
            for verb, entries in groups.items():
                _answer(session, verb, entries)
        except Exception as error:
            if session.failure(error) is not None:
                raise
            # For whom a verb must raise is found out with marks; a transaction in which none does goes without.
            session.rollback()
            session.begin()
            for verb, entries in groups.items():
                _apply(session, verb, entries)
        session.commit()
    except Exception as error:
        failed = session.failure(error) or StoreFailedError(type(error).__name__)
        try:
            session.rollback()
        except Exception as second:
            failed.add_note(f"the rollback failed too: {type(second).__name__}")
        for group in batch:
            for entry in group.entries:
                # A copy each: raising adds a traceback to what is raised.
                entry.end = copy(failed)


def _answer(session: Session[AnyTx], verb: Verb[AnyTx, Any, Any], entries: Sequence[_Entry]) -> None:
    ends = verb(session.tx, [entry.request for entry in entries])
    for entry, end in zip(entries, ends, strict=True):
        entry.end = end


def _apply(session: Session[AnyTx], verb: Verb[AnyTx, Any, Any], entries: Sequence[_Entry]) -> None:
    """All entries in one call; if that raises, each alone."""
    session.mark()
    try:
        _answer(session, verb, entries)
    except Exception as error:
        if session.failure(error) is not None:
            raise
        session.undo()
        if len(entries) == 1:
            entries[0].end = error
        else:
            for entry in entries:
                _apply(session, verb, [entry])
    session.unmark()


def _finish(future: asyncio.Future[Any], end: Any) -> None:
    if future.done():
        return
    if isinstance(end, Exception):
        future.set_exception(end)
    else:
        future.set_result(end)


def _call(loop: asyncio.AbstractEventLoop, function: Callable[..., None], *args: Any) -> None:
    try:
        loop.call_soon_threadsafe(function, *args)
    except RuntimeError:
        # The loop is closed: nobody waits any more, and what was pending is still to be committed.
        return

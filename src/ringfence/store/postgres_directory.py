"""When the directory of a database that others change too may be believed: its version is asked for every time.

One question serves all requests of a turn of the event loop, and is asked after they came. So what another process
has changed holds from the next request on; one that is on its way meanwhile may still see it as it was.
"""

import asyncio
from collections.abc import Awaitable, Callable
from copy import copy

from ringfence.store.directory import Directory, Entries

VERSION = "SELECT coalesce(max(version), 0) FROM directory_version"

Ask = Callable[[str], Awaitable[int]]


class PostgresDirectory:
    """The entries of `Directory` that stand now. Use it from one event loop."""

    def __init__(self, ask: Ask) -> None:
        """`ask` answers a statement's one value, or raises StoreFailedError."""
        self._ask = ask
        self._directory = Directory()
        self._standing: Entries | None = None
        self._waiting: list[asyncio.Future[Entries]] = []
        self._questions: set[asyncio.Task[None]] = set()
        self._changes = 0

    async def entries(self) -> Entries:
        """What stands at a version that was read after this was called, or in this very turn."""
        if self._standing is not None:
            return self._standing
        answer: asyncio.Future[Entries] = asyncio.get_running_loop().create_future()
        self._waiting.append(answer)
        if len(self._waiting) == 1:
            # It begins in the next turn: all that join in this one came before.
            question = asyncio.create_task(self._look(), name="directory version")
            self._questions.add(question)
            question.add_done_callback(self._questions.discard)
        return await answer

    def changed(self) -> None:
        """This process changed it: what was read before is over."""
        self._changes += 1
        self._standing = None

    def reconnected(self) -> None:
        """The server may have been started on another state, and its count may have reached the same number since."""
        self._directory.forget()
        self.changed()

    async def _look(self) -> None:
        waiting, self._waiting = self._waiting, []
        changes, seen = self._changes, self._directory.version
        try:
            entries = self._directory.at(await self._ask(VERSION), seen=seen)
        except Exception as failed:
            for answer in waiting:
                if not answer.done():
                    # A copy each: raising adds a traceback to what is raised.
                    answer.set_exception(copy(failed))
            return
        for answer in waiting:
            if not answer.done():
                answer.set_result(entries)
        if changes == self._changes:
            # Those who waited go on in the next turn, and find it so with all that they look up in it.
            self._standing = entries
            asyncio.get_running_loop().call_soon(self._look_again)

    def _look_again(self) -> None:
        self._standing = None

"""One poll for all who look at the same, about once a second while somebody does, and none otherwise.

What polls cost is bounded, however many there are: they are read one after the other, and rest in between.
"""

import asyncio
import math
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import structlog

from ringfence.console.live.looked import Looked, Read, Snapshot, snapshot
from ringfence.console.refusals import RefusedError
from ringfence.ports.store import StoreFailedError

POLL_S: Final = 1.0
# After each read all rest so many times as long as it took, and those of its account longer: all together take a
# twentieth of the time, and one account half of that.
REST: Final = 19
ACCOUNT_REST: Final = 39
# One that takes longer ends: the others wait for it.
READ_MAX_S: Final = 2.0

_log = structlog.get_logger(__name__)


class Hearer:
    """Somebody who looks, and what they have not been told yet. `stirred` is set while there is something."""

    def __init__(self) -> None:
        self.stirred = asyncio.Event()
        self.version = ""
        self.new = 0
        self.is_over = False

    def tell(self, version: str, new: int) -> None:
        """It looks otherwise now; `new` rows were not there before."""
        self.version = version
        self.new += new
        self.stirred.set()

    def end(self) -> None:
        """There is nothing more to hear."""
        self.is_over = True
        self.stirred.set()


class Polls:
    """Those that go on. They end with the last who looks, and where what they read is away."""

    def __init__(self, *, poll_s: float | None = None, now_s: Callable[[], float] = time.perf_counter) -> None:
        self._poll_s = POLL_S if poll_s is None else poll_s
        self._now_s = now_s
        self._going: dict[Looked, _Poll] = {}
        self._rests_until_s = -math.inf
        self._accounts_rest_until_s: dict[str, float] = {}
        self._came = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._going)

    async def version(self, looked: Looked, read: Read) -> str:
        """What a page begins from that is read after this: of a poll that goes on it is what that saw last."""
        going = self._going.get(looked)
        return (going.seen if going is not None and going.seen is not None else snapshot(await read(looked))).version

    def join(self, looked: Looked, read: Read, hearer: Hearer) -> None:
        """Tell it how it looks now, and whenever that changes, until `leave`."""
        going = self._going.get(looked)
        if going is None:
            going = self._going[looked] = _Poll(looked, read, self._now_s())
            self._came.set()
        going.hearers.add(hearer)
        if going.seen is not None:
            hearer.tell(going.seen.version, 0)
        if self._reading is None:
            self._reading = asyncio.create_task(self._run())

    def leave(self, looked: Looked, hearer: Hearer) -> None:
        """It hears no more. Idempotent."""
        going = self._going.get(looked)
        if going is None:
            return
        going.hearers.discard(hearer)
        if not going.hearers:
            del self._going[looked]
            self._forget_rested()
        if not self._going and self._reading is not None:
            self._reading.cancel()
            self._reading = None

    async def _run(self) -> None:
        try:
            while self._going:
                began_s = self._now_s()
                poll = min(self._going.values(), key=lambda each: self._turn(each, began_s))
                if (wait_s := self._begins_s(poll) - began_s) > 0:
                    self._came.clear()
                    with suppress(TimeoutError):
                        async with asyncio.timeout(wait_s):
                            await self._came.wait()
                else:
                    await self._read(poll, began_s)
        finally:
            # Whatever ended this: without it nothing is read. Where it was the last who left another may have begun.
            if self._reading is asyncio.current_task():
                self._reading = None
                for poll in list(self._going.values()):
                    self._end(poll)

    async def _read(self, poll: "_Poll", began_s: float) -> None:
        try:
            async with asyncio.timeout(READ_MAX_S):
                poll.take(snapshot(await poll.read(poll.looked)))
        except (ConnectionError, StoreFailedError, RefusedError, TimeoutError):
            _log.warning("console.not_followed", page=poll.looked.page)
            self._end(poll)
        except Exception as error:
            # What breaks one ends none of the others.
            _log.error("console.poll_broke", page=poll.looked.page, error=type(error).__name__)
            self._end(poll)
        finally:
            now_s = self._now_s()
            took_s = now_s - began_s
            poll.due_s = now_s + self._poll_s
            self._rests_until_s = now_s + REST * took_s
            self._accounts_rest_until_s[poll.looked.account] = now_s + ACCOUNT_REST * took_s

    def _turn(self, poll: "_Poll", now_s: float) -> tuple[float, float, float]:
        """Of those that may be read now, first what is of the account that has rested longest."""
        waits_s = max(0.0, self._begins_s(poll) - now_s)
        return waits_s, self._account_rests_until_s(poll), poll.due_s

    def _begins_s(self, poll: "_Poll") -> float:
        return max(poll.due_s, self._rests_until_s, self._account_rests_until_s(poll))

    def _account_rests_until_s(self, poll: "_Poll") -> float:
        return self._accounts_rest_until_s.get(poll.looked.account, -math.inf)

    def _forget_rested(self) -> None:
        """Whoever leaves and comes again rests on."""
        looking, now_s = {each.account for each in self._going}, self._now_s()
        self._accounts_rest_until_s = {
            account: until_s
            for account, until_s in self._accounts_rest_until_s.items()
            if account in looking or until_s > now_s
        }

    def _end(self, poll: "_Poll") -> None:
        if self._going.get(poll.looked) is poll:
            del self._going[poll.looked]
        for hearer in poll.hearers:
            hearer.end()


class _Poll:
    def __init__(self, looked: Looked, read: Read, due_s: float) -> None:
        self.looked = looked
        self.read = read
        self.due_s = due_s
        self.hearers: set[Hearer] = set()
        self.seen: Snapshot | None = None

    def take(self, now: Snapshot) -> None:
        before, self.seen = self.seen, now
        if before is not None and before.version == now.version:
            return
        new = 0 if before is None else len(now.names - before.names)
        for hearer in self.hearers:
            hearer.tell(now.version, new)

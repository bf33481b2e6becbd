"""One poll for all who look at the same, about once a second while somebody does, and none otherwise."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

import structlog

from ringfence.console.live.looked import Looked, Read, Snapshot, snapshot
from ringfence.console.refusals import RefusedError
from ringfence.ports.store import StoreFailedError

POLL_S: Final = 1.0
# What takes long is read more seldom: no list takes more than a twentieth of the time.
REST: Final = 19

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

    def __len__(self) -> int:
        return len(self._going)

    async def version(self, looked: Looked, read: Read) -> str:
        """What a page begins from that is read after this: of a poll that goes on it may be a second old."""
        going = self._going.get(looked)
        return (going.seen if going is not None and going.seen is not None else snapshot(await read(looked))).version

    def join(self, looked: Looked, read: Read, hearer: Hearer) -> None:
        """Tell it how it looks now, and whenever that changes, until `leave`."""
        going = self._going.get(looked)
        if going is None:
            going = self._going[looked] = _Poll()
            going.task = asyncio.create_task(self._run(going, looked, read))
        going.hearers.add(hearer)
        if going.seen is not None:
            hearer.tell(going.seen.version, 0)

    def leave(self, looked: Looked, hearer: Hearer) -> None:
        """It hears no more. Idempotent."""
        going = self._going.get(looked)
        if going is None:
            return
        going.hearers.discard(hearer)
        if not going.hearers and going.task is not None:
            del self._going[looked]
            going.task.cancel()

    async def _run(self, poll: "_Poll", looked: Looked, read: Read) -> None:
        try:
            while True:
                began_s = self._now_s()
                poll.take(snapshot(await read(looked)))
                await asyncio.sleep(max(self._poll_s, REST * (self._now_s() - began_s)))
        except (ConnectionError, StoreFailedError, RefusedError):
            _log.warning("console.not_followed", page=looked.page)
        finally:
            if self._going.get(looked) is poll:
                del self._going[looked]
            for hearer in poll.hearers:
                hearer.end()


class _Poll:
    def __init__(self) -> None:
        self.hearers: set[Hearer] = set()
        self.seen: Snapshot | None = None
        self.task: asyncio.Task[None] | None = None

    def take(self, now: Snapshot) -> None:
        before, self.seen = self.seen, now
        if before is not None and before.version == now.version:
            return
        new = 0 if before is None else len(now.names - before.names)
        for hearer in self.hearers:
            hearer.tell(now.version, new)

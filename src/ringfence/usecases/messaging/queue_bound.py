"""How many texts may wait for one number: what it sends in so many seconds.

Source: Twilio, error 21611 (a number that the program named) and error 30001 (a number of a Messaging Service's pool).
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable

import msgspec

from ringfence.domain.clock import Clock
from ringfence.ports.store import MessageStore

FREE = 1_000
FULL_MS = 1_000
_QUEUES_MAX = 10_000


class _Queue(msgspec.Struct):
    """`left` more are accepted before the queue is counted again; a full one is left alone until `full_until_ms`."""

    left: int
    full_until_ms: int = 0
    counting: "asyncio.Future[int] | None" = None


class QueueBound:
    """Counts a queue now and then: after half of what it still had room for was accepted, and once a second while full.

    So several processes that accept for one number may go beyond the bound together, by what had room at a count.
    """

    def __init__(self, store: MessageStore, clock: Clock, *, carrier: str, limit_of: Callable[[str], int]) -> None:
        """`limit_of` a sender is how many texts may wait for it."""
        self._store = store
        self._clock = clock
        self._carrier = carrier
        self._limit_of = limit_of
        self._queues: OrderedDict[tuple[str, str], _Queue] = OrderedDict()

    async def overflows(self, account: str, sender: str) -> bool:
        """True when one more text finds no room; else its place is counted."""
        queue = self._queue(account, sender)
        if queue.left <= 0:
            now_ms = self._clock.monotonic_ms()
            if now_ms < queue.full_until_ms:
                return True
            room = await self._room(queue, account, sender)
            if room <= 0:
                queue.full_until_ms = now_ms + FULL_MS
                return True
        queue.left -= 1
        return False

    async def _room(self, queue: _Queue, account: str, sender: str) -> int:
        """Many who need a count at once share it."""
        if queue.counting is None:
            queue.counting = asyncio.ensure_future(self._count(queue, account, sender))
        return await asyncio.shield(queue.counting)

    async def _count(self, queue: _Queue, account: str, sender: str) -> int:
        try:
            limit = self._limit_of(sender)
            waiting = await self._store.waiting(account, sender, self._carrier, self._clock.now_ms(), limit)
            room = limit - waiting
            queue.left = (room + 1) // 2
            return room
        finally:
            queue.counting = None

    def _queue(self, account: str, sender: str) -> _Queue:
        key = account, sender
        queue = self._queues.get(key)
        if queue is None:
            # What begins anew is not counted at once: most queues are as good as empty.
            queue = self._queues[key] = _Queue(left=min(FREE, self._limit_of(sender) // 10))
            if len(self._queues) > _QUEUES_MAX:
                self._queues.popitem(last=False)
        else:
            self._queues.move_to_end(key)
        return queue

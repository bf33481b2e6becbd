"""Sender queues and their leases in memory."""

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping
from itertools import count, islice

import msgspec

from ringfence.ports.store import Lease, MessageRow, StaleFenceError
from ringfence.store.lease_order import Candidate, LeaseOrder
from ringfence.store.times_to_come import AHEAD_MS

QueueKey = tuple[str, str, str]


class _Queue(msgspec.Struct):
    """One sender queue: entries (place_ms, ordinal, sid) in order, and who holds it."""

    entries: list[tuple[int, int, str]] = msgspec.field(default_factory=list)
    owner: str | None = None
    fence: int = 0
    until_ms: int = 0


class MemoryQueue:
    """Queues by (account, sender, carrier); `MemoryMessages` enters and removes what stands in them."""

    def __init__(self) -> None:
        self._queues: dict[QueueKey, _Queue] = {}
        self._ordinals = count(1)
        self._queued: dict[tuple[str, str], tuple[int, int, str]] = {}

    def _enqueue(self, row: MessageRow) -> None:
        entry = max(row.due_ms, row.created_ms), next(self._ordinals), row.sid
        self._queued[row.account, row.sid] = entry
        insort(self._queues.setdefault((row.account, row.local, row.carrier), _Queue()).entries, entry)

    def _dequeue(self, row: MessageRow) -> None:
        entry = self._queued.pop((row.account, row.sid), None)
        if entry is not None:
            entries = self._queues[row.account, row.local, row.carrier].entries
            del entries[bisect_left(entries, entry)]

    def _waiting(self, lease: Lease, now_ms: int, limit: int) -> list[str]:
        entries = self._queues[_key(lease)].entries
        end = bisect_left(entries, (now_ms + 1, 0, ""))
        return [sid for _, _, sid in entries[: min(end, limit)]]

    def _next_text_ms(self) -> int | None:
        return min((queue.entries[0][0] for queue in self._queues.values() if queue.entries), default=None)

    def _check_fence(self, lease: Lease) -> None:
        queue = self._queues.get(_key(lease))
        if queue is None or queue.owner is None or queue.fence != lease.fence:
            raise StaleFenceError

    def _bring_texts(self, rows: Iterable[MessageRow], now_ms: int) -> None:
        for row in rows:
            entry = self._queued[row.account, row.sid]
            entries = self._queues[row.account, row.local, row.carrier].entries
            del entries[bisect_left(entries, entry)]
            self._queued[row.account, row.sid] = entry = (now_ms - AHEAD_MS, *entry[1:])
            insort(entries, entry)

    def _end_leases(self, end_ms: int) -> None:
        for queue in self._queues.values():
            queue.until_ms = min(queue.until_ms, end_ms)

    async def lease(
        self,
        owner: str,
        carrier: str,
        now_ms: int,
        ttl_ms: int,
        limit: int,
        *,
        in_hand: Mapping[str, int] | None = None,
    ) -> list[Lease]:
        free = [
            Candidate(queue.owner == owner, queue.entries[0][0], key[0], key[1])
            for key, queue in self._queues.items()
            if key[2] == carrier
            and queue.entries
            and queue.entries[0][0] <= now_ms
            and (queue.owner in (None, owner) or queue.until_ms <= now_ms)
        ]
        chosen = islice(LeaseOrder(free, in_hand), limit)
        return [self._take((each.account, each.sender, carrier), owner, now_ms + ttl_ms) for each in chosen]

    def _take(self, key: QueueKey, owner: str, until_ms: int) -> Lease:
        queue = self._queues[key]
        if queue.owner != owner:
            queue.owner, queue.fence = owner, queue.fence + 1
        queue.until_ms = until_ms
        return Lease(account=key[0], sender=key[1], carrier=key[2], fence=queue.fence, until_ms=until_ms)

    async def waiting(self, account: str, sender: str, carrier: str, now_ms: int, limit: int) -> int:
        queue = self._queues.get((account, sender, carrier))
        return 0 if queue is None else min(bisect_left(queue.entries, (now_ms + 1, 0, "")), limit)

    async def renew(self, lease: Lease, now_ms: int, ttl_ms: int) -> Lease:
        self._check_fence(lease)
        queue = self._queues[_key(lease)]
        queue.until_ms = now_ms + ttl_ms
        return msgspec.structs.replace(lease, until_ms=queue.until_ms)

    async def release(self, lease: Lease) -> None:
        queue = self._queues.get(_key(lease))
        if queue is not None and queue.fence == lease.fence:
            queue.owner, queue.until_ms = None, 0


def _key(lease: Lease) -> QueueKey:
    return lease.account, lease.sender, lease.carrier

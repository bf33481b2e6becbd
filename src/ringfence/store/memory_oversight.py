"""What an operator sees of all accounts, counted in memory."""

from collections import Counter
from collections.abc import Sequence

from ringfence.domain.call import LIVE
from ringfence.ports.oversight import ANY_QUEUE, DEPTH_MAX, Backlog, QueueFilter, QueuePlace, QueueState
from ringfence.store.memory_sign_ins import MemorySignIns


class MemoryOversight(MemorySignIns):
    """`ports.oversight.OversightStore`."""

    async def backlog(self) -> Backlog:
        places = [place_ms for place_ms, *_ in self._queued.values()]
        states = Counter(entry.row.state for entry in self._events.values())
        return Backlog(
            texts=len(places),
            oldest_text_ms=min(places, default=None),
            events=states["pending"],
            dead_events=states["dead"],
            live_calls=sum(row.status in LIVE for row in self._calls.values()),
        )

    async def sender_queues(
        self, after: QueuePlace | None = None, *, wanted: QueueFilter = ANY_QUEUE, limit: int = 50
    ) -> Sequence[QueueState]:
        states = [
            QueueState(
                account=account,
                sender=sender,
                carrier=carrier,
                next_ms=queue.entries[0][0],
                owner=queue.owner or "",
                until_ms=queue.until_ms,
                depth=min(len(queue.entries), DEPTH_MAX),
            )
            for (account, sender, carrier), queue in self._queues.items()
            if queue.entries and wanted.account in ("", account) and wanted.carrier in ("", carrier)
        ]
        return sorted((each for each in states if after is None or each.place > after), key=lambda s: s.place)[:limit]

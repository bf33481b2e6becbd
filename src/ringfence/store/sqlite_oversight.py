"""What an operator sees of all accounts, counted in SQLite."""

from collections.abc import Sequence
from typing import Final

import msgspec

from ringfence.ports.oversight import ANY_QUEUE, DEPTH_MAX, Backlog, QueueFilter, QueuePlace, QueueState
from ringfence.store.operations_rows import FIRST
from ringfence.store.sqlite_ground import SqliteGround
from ringfence.store.statements import statements

SQL = statements("sqlite/oversight")
SHOWN: Final = ("account", "sender", "carrier", "next_ms", "owner", "until_ms")


class SqliteOversight(SqliteGround):
    """`ports.oversight.OversightStore`."""

    async def backlog(self) -> Backlog:
        texts, oldest_text_ms = self._one(SQL["texts"])
        events, dead_events, live_calls = (self._one(SQL[of])[0] for of in ("events", "dead_events", "live_calls"))
        return Backlog(
            texts=texts,
            oldest_text_ms=oldest_text_ms,
            events=events,
            dead_events=dead_events,
            live_calls=live_calls,
        )

    async def sender_queues(
        self, after: QueuePlace | None = None, *, wanted: QueueFilter = ANY_QUEUE, limit: int = 50
    ) -> Sequence[QueueState]:
        place = (*(after or FIRST), limit)
        if wanted.account:
            rows = self._all(SQL["queues_of_account"], (*place, wanted.account, wanted.carrier))
        else:
            # Each carrier's are in order in an index: of a million queues no more are read than are asked for.
            carriers = [wanted.carrier] if wanted.carrier else [each for (each,) in self._all(SQL["carriers"], ())]
            rows = [row for each in carriers for row in self._all(SQL["queues_of_carrier"], (*place, each))]
        states = [QueueState(**dict(zip(SHOWN, row, strict=True)), depth=0) for row in rows]
        first = sorted(states, key=lambda each: each.place)[:limit]
        return [msgspec.structs.replace(each, depth=self._depth(each)) for each in first]

    def _depth(self, queue: QueueState) -> int:
        (depth,) = self._one(SQL["depth"], (queue.account, queue.sender, queue.carrier, DEPTH_MAX))
        return int(depth)

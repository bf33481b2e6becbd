"""What an operator sees of all accounts, counted in PostgreSQL."""

from collections.abc import Sequence

from ringfence.ports.oversight import ANY_QUEUE, DEPTH_MAX, Backlog, QueueFilter, QueuePlace, QueueState
from ringfence.store.operations_rows import FIRST
from ringfence.store.postgres_ground import PostgresGround
from ringfence.store.statements import statements

SQL = statements("postgres/oversight")


class PostgresOversight(PostgresGround):
    """`ports.oversight.OversightStore`."""

    async def backlog(self) -> Backlog:
        ((texts, oldest_text_ms),) = await self._all(SQL["texts"])
        counts = [(await self._all(SQL[of]))[0][0] for of in ("events", "dead_events", "live_calls")]
        events, dead_events, live_calls = counts
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
        place = (*(after or FIRST), limit, DEPTH_MAX)
        if wanted.account:
            rows = await self._all(SQL["queues_of_account"], *place, wanted.account, wanted.carrier)
        else:
            rows = await self._all(SQL["queues_by_carrier"], *place, wanted.carrier)
        return [QueueState(**row) for row in rows]

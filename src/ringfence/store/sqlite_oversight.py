"""What an operator sees of all accounts, counted in SQLite."""

from collections.abc import Sequence

from ringfence.ports.oversight import ANY_QUEUE, DEPTH_MAX, Backlog, QueueFilter, QueuePlace, QueueState
from ringfence.store.operations_rows import FIRST
from ringfence.store.sqlite_ground import SqliteGround
from ringfence.store.statements import statements

SQL = statements("sqlite/oversight")


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
        rows = self._all(SQL["sender_queues"], (*(after or FIRST), limit, DEPTH_MAX, wanted.account, wanted.carrier))
        return [QueueState(**dict(zip(QueueState.__struct_fields__, row, strict=True))) for row in rows]

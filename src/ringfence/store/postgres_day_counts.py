"""Counts of texts and calls by day, in PostgreSQL."""

from ringfence.ports.day_counts import DAY_MS, DayCalls, DayTexts
from ringfence.store.day_tally import CALL, TEXT, DayTally, calls_of, texts_of
from ringfence.store.postgres_committer import Connection
from ringfence.store.postgres_ground import PostgresGround, columns
from ringfence.store.statements import statements

SQL = statements("postgres/day_counts")


class PostgresDayCounts(PostgresGround):
    """`ports.day_counts.DayCounts`."""

    async def texts_by_day(self, account: str, from_ms: int, to_ms: int) -> list[DayTexts]:
        return texts_of(await self._all(SQL["of_days"], account, TEXT, -(-from_ms // DAY_MS), -(-to_ms // DAY_MS)))

    async def calls_by_day(self, account: str, from_ms: int, to_ms: int) -> list[DayCalls]:
        return calls_of(await self._all(SQL["of_days"], account, CALL, -(-from_ms // DAY_MS), -(-to_ms // DAY_MS)))


async def add_day_counts(tx: Connection, tally: DayTally) -> None:
    """Add what changed to this connection's own counts, in the caller's transaction."""
    changes = tally.changes()
    if changes:
        await tx.execute(SQL["add"], *columns([(*key, *sums) for key, sums in changes]))

"""Counts of codes by day, in PostgreSQL."""

from collections.abc import Sequence

from ringfence.ports.code_counts import DayCodes
from ringfence.ports.day_counts import DAY_MS
from ringfence.store.code_tally import CodeTally, codes_of
from ringfence.store.day_tally import CodeSpending
from ringfence.store.postgres_committer import Connection
from ringfence.store.postgres_ground import PostgresGround, columns
from ringfence.store.statements import statements

SQL = statements("postgres/code_counts")


class PostgresCodeCounts(PostgresGround):
    """`ports.code_counts.CodeCounts`."""

    async def codes_by_day(
        self, account: str, from_ms: int, to_ms: int, *, service: str | None = None
    ) -> list[DayCodes]:
        days = -(-from_ms // DAY_MS), -(-to_ms // DAY_MS)
        return codes_of(await self._all(SQL["of_days"], account, *days, service))


async def add_code_counts(tx: Connection, tally: CodeTally) -> None:
    """Add what changed to this connection's own counts, in the caller's transaction."""
    changes = tally.changes()
    if changes:
        await tx.execute(SQL["add"], *columns([(*key, *sums) for key, sums in changes]))


async def add_code_spending(tx: Connection, spending: Sequence[CodeSpending]) -> None:
    """Add what texts and calls with codes cost to the counts of their services, in the caller's transaction."""
    if spending:
        await tx.execute(SQL["add_spending"], *columns(spending))

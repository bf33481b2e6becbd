"""Counts of codes by day, in SQLite."""

from collections.abc import Sequence

from ringfence.ports.code_counts import DayCodes
from ringfence.ports.day_counts import DAY_MS
from ringfence.store.code_tally import CodeTally, codes_of
from ringfence.store.day_tally import CodeSpending
from ringfence.store.json_rows import json_rows
from ringfence.store.sqlite_ground import SqliteGround
from ringfence.store.sqlite_session import SqliteWriter
from ringfence.store.statements import statements

SQL = statements("sqlite/code_counts")


class SqliteCodeCounts(SqliteGround):
    """`ports.code_counts.CodeCounts`."""

    async def codes_by_day(
        self, account: str, from_ms: int, to_ms: int, *, service: str | None = None
    ) -> list[DayCodes]:
        return codes_of(self._all(SQL["of_days"], (account, -(-from_ms // DAY_MS), -(-to_ms // DAY_MS), service)))


def add_code_counts(tx: SqliteWriter, tally: CodeTally) -> None:
    """Add what changed to the counts, in the caller's transaction."""
    changes = tally.changes()
    if changes:
        tx.run(SQL["add"], (json_rows([(*key, *sums) for key, sums in changes]),))


def add_code_spending(tx: SqliteWriter, spending: Sequence[CodeSpending]) -> None:
    """Add what texts and calls with codes cost to the counts of their services, in the caller's transaction."""
    if spending:
        tx.run(SQL["add_spending"], (json_rows(spending),))

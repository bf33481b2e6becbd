"""Counts of texts, calls and recordings by day, in SQLite."""

from typing import Any

from ringfence.ports.day_counts import DAY_MS, DayCalls, DayRecordings, DayTexts
from ringfence.store.day_tally import CALL, RECORDING, TEXT, DayTally, calls_of, recordings_of, texts_of
from ringfence.store.json_rows import json_rows
from ringfence.store.sqlite_code_counts import add_code_spending
from ringfence.store.sqlite_ground import SqliteGround
from ringfence.store.sqlite_session import SqliteWriter
from ringfence.store.statements import statements

SQL = statements("sqlite/day_counts")


class SqliteDayCounts(SqliteGround):
    """`ports.day_counts.DayCounts`."""

    async def texts_by_day(self, account: str, from_ms: int, to_ms: int) -> list[DayTexts]:
        return texts_of(self._of_days(account, TEXT, from_ms, to_ms))

    async def calls_by_day(self, account: str, from_ms: int, to_ms: int) -> list[DayCalls]:
        return calls_of(self._of_days(account, CALL, from_ms, to_ms))

    async def recordings_by_day(self, account: str, from_ms: int, to_ms: int) -> list[DayRecordings]:
        return recordings_of(self._of_days(account, RECORDING, from_ms, to_ms))

    def _of_days(self, account: str, kind: str, from_ms: int, to_ms: int) -> list[Any]:
        days = {"from_day": -(-from_ms // DAY_MS), "to_day": -(-to_ms // DAY_MS)}
        return self._all(SQL["of_days"], {"account": account, "kind": kind, **days})


def add_day_counts(tx: SqliteWriter, tally: DayTally) -> None:
    """Add what changed to the counts, and what codes cost to those of codes, in the caller's transaction."""
    changes = tally.changes()
    if changes:
        tx.run(SQL["add"], (json_rows([(*key, *sums) for key, sums in changes]),))
    add_code_spending(tx, tally.code_spending())

"""Counts of texts, calls and recordings by day, in PostgreSQL."""

from collections.abc import Sequence
from typing import Any

from ringfence.ports.day_counts import DAY_MS, DayCalls, DayRecordings, DayTexts
from ringfence.store.day_tally import CALL, RECORDING, TEXT, DayTally, calls_of, recordings_of, texts_of
from ringfence.store.postgres_code_counts import add_code_spending
from ringfence.store.postgres_committer import Connection
from ringfence.store.postgres_ground import PostgresGround, columns
from ringfence.store.statements import statements

SQL = statements("postgres/day_counts")


class PostgresDayCounts(PostgresGround):
    """`ports.day_counts.DayCounts`."""

    async def texts_by_day(self, account: str, from_ms: int, to_ms: int) -> list[DayTexts]:
        return texts_of(await self._of_days(account, TEXT, from_ms, to_ms))

    async def calls_by_day(self, account: str, from_ms: int, to_ms: int) -> list[DayCalls]:
        return calls_of(await self._of_days(account, CALL, from_ms, to_ms))

    async def recordings_by_day(self, account: str, from_ms: int, to_ms: int) -> list[DayRecordings]:
        return recordings_of(await self._of_days(account, RECORDING, from_ms, to_ms))

    async def _of_days(self, account: str, kind: str, from_ms: int, to_ms: int) -> Sequence[Any]:
        return await self._all(SQL["of_days"], account, kind, -(-from_ms // DAY_MS), -(-to_ms // DAY_MS))


async def add_day_counts(tx: Connection, tally: DayTally) -> None:
    """Add what changed to this connection's own counts, in the caller's transaction."""
    changes = tally.changes()
    if changes:
        await tx.execute(SQL["add"], *columns([(*key, *sums) for key, sums in changes]))
    await add_code_spending(tx, tally.code_spending())

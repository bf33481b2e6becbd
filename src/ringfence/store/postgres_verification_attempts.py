"""Attempts to bring a code, in PostgreSQL."""

from collections.abc import Iterable, Sequence
from typing import Any

from ringfence.ports.verification_attempts import AttemptCount, AttemptFilter, VerificationAttemptRow
from ringfence.store.attempt_rows import counted
from ringfence.store.columns import VERIFICATION_ATTEMPT
from ringfence.store.paging import place_after
from ringfence.store.postgres_committer import Connection
from ringfence.store.postgres_ground import PostgresGround, columns
from ringfence.store.statements import statements

SQL = statements("postgres/verification_attempts")


class PostgresVerificationAttempts(PostgresGround):
    """`ports.verification_attempts.VerificationAttemptStore`, but for `refuse_attempt`."""

    async def verification_attempt(self, account: str, sid: str) -> VerificationAttemptRow | None:
        row = await self._one(SQL["row"], account, sid)
        return None if row is None else VERIFICATION_ATTEMPT.read(row)

    async def verification_attempts(
        self, account: str, wanted: AttemptFilter, *, before: str | None = None, limit: int = 50
    ) -> list[VerificationAttemptRow]:
        bounds = await self._bounds(account, wanted, before, limit)
        if wanted.to is not None:
            rows = await self._all(SQL["by_to"], *bounds, list(wanted.to))
        elif wanted.verification is not None:
            rows = await self._all(SQL["by_verification"], *bounds, wanted.verification)
        else:
            rows = await self._all(SQL["all" if wanted.service is None else "by_service"], *bounds)
        return [VERIFICATION_ATTEMPT.read(row) for row in rows]

    async def count_attempts(
        self, account: str, wanted: AttemptFilter, *, before: str | None = None, limit: int = 10_000
    ) -> AttemptCount:
        sql = SQL["count_all" if wanted.service is None else "count_by_service"]
        (row,) = await self._all(sql, *await self._bounds(account, wanted, before, limit))
        return counted(*row, limit=limit)

    async def mark_refused(self, account: str, sid: str, code: int, why: str = "") -> None:
        await self._write(_mark, (account, sid, code, why))

    async def _bounds(self, account: str, wanted: AttemptFilter, before: str | None, limit: int) -> tuple[Any, ...]:
        known = None if before is None else await self._one(SQL["place"], account, before)
        return (
            account,
            *place_after(before, known and known[0], wanted.to_ms),
            wanted.from_ms or 0,
            wanted.channel,
            wanted.country,
            wanted.converted,
            wanted.service,
            limit,
        )


async def add_attempts(tx: Connection, rows: Iterable[VerificationAttemptRow]) -> None:
    """Write them, in the caller's transaction."""
    values = [VERIFICATION_ATTEMPT.write(row) for row in rows]
    if values:
        await tx.execute(SQL["insert"], *columns(values))


async def convert_attempts(tx: Connection, account: str, verification: str) -> None:
    """Note that the code of a verification was entered, in the caller's transaction."""
    await tx.execute(SQL["convert"], account, verification)


async def _mark(tx: Connection, wanted: Sequence[tuple[str, str, int, str]]) -> list[None]:
    for one in wanted:
        await tx.execute(SQL["refuse"], *one)
    return [None] * len(wanted)

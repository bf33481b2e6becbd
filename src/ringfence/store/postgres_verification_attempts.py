"""Attempts to bring a code, in PostgreSQL."""

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec.structs import replace

from ringfence.ports.verification_attempts import AttemptCount, AttemptFilter, VerificationAttemptRow
from ringfence.store.attempt_rows import counted
from ringfence.store.code_tally import CodeTally
from ringfence.store.columns import VERIFICATION_ATTEMPT
from ringfence.store.paging import place_after
from ringfence.store.postgres_code_counts import add_code_counts
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


async def add_attempts(tx: Connection, rows: Iterable[VerificationAttemptRow], tally: CodeTally) -> None:
    """Write them, in the caller's transaction, and count those that are new."""
    by_key = {(row.account, row.sid): row for row in rows}
    values = [VERIFICATION_ATTEMPT.write(row) for row in by_key.values()]
    for account, sid in await tx.fetch(SQL["insert"], *columns(values)) if values else ():
        tally.attempt(by_key[account, sid])


async def convert_attempts(tx: Connection, account: str, verification: str, tally: CodeTally) -> None:
    """Note that the code of a verification was entered, in the caller's transaction."""
    for found in await tx.fetch(SQL["convert"], account, verification):
        tally.converted(account, *found)


async def _mark(tx: Connection, wanted: Sequence[tuple[str, str, int, str]]) -> list[None]:
    tally = CodeTally()
    for account, sid, code, why in wanted:
        for found in await tx.fetch(SQL["hold"], account, sid):
            row = VERIFICATION_ATTEMPT.read(found)
            tally.attempt(row, -1)
            tally.attempt(replace(row, refusal=code))
            await tx.execute(SQL["refuse"], account, sid, code, why)
    await add_code_counts(tx, tally)
    return [None] * len(wanted)

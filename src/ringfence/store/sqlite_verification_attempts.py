"""Attempts to bring a code, in SQLite."""

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec.structs import replace

from ringfence.ports.verification_attempts import AttemptCount, AttemptFilter, VerificationAttemptRow
from ringfence.store.attempt_rows import counted
from ringfence.store.bulk_insert import BulkInsert
from ringfence.store.code_tally import CodeTally
from ringfence.store.columns import VERIFICATION_ATTEMPT
from ringfence.store.paging import place_after
from ringfence.store.sqlite_code_counts import add_code_counts
from ringfence.store.sqlite_ground import SqliteGround
from ringfence.store.sqlite_session import SqliteWriter
from ringfence.store.statements import statements

SQL = statements("sqlite/verification_attempts")

INSERT = BulkInsert(SQL["insert"])


class SqliteVerificationAttempts(SqliteGround):
    """`ports.verification_attempts.VerificationAttemptStore`, but for `refuse_attempt`."""

    async def verification_attempt(self, account: str, sid: str) -> VerificationAttemptRow | None:
        row = self._one(SQL["row"], (account, sid))
        return None if row is None else VERIFICATION_ATTEMPT.read(row)

    async def verification_attempts(
        self, account: str, wanted: AttemptFilter, *, before: str | None = None, limit: int = 50
    ) -> list[VerificationAttemptRow]:
        values = self._bounds(account, wanted, before, limit)
        if wanted.to is not None:
            names = [f"index_{n}" for n in range(len(wanted.to))]
            values.update(zip(names, wanted.to, strict=True))
            sql = SQL["by_to"].replace("{indexes}", ", ".join(f":{name}" for name in names))
        elif wanted.verification is not None:
            sql = SQL["by_verification"]
        else:
            sql = SQL["all" if wanted.service is None else "by_service"]
        return [VERIFICATION_ATTEMPT.read(row) for row in self._all(sql, values)]

    async def count_attempts(
        self, account: str, wanted: AttemptFilter, *, before: str | None = None, limit: int = 10_000
    ) -> AttemptCount:
        sql = SQL["count_all" if wanted.service is None else "count_by_service"]
        (row,) = self._all(sql, self._bounds(account, wanted, before, limit))
        return counted(*row, limit=limit)

    async def mark_refused(self, account: str, sid: str, code: int, why: str = "") -> None:
        await self._write(_mark, (account, sid, code, why))

    def _bounds(self, account: str, wanted: AttemptFilter, before: str | None, limit: int) -> dict[str, Any]:
        known = None if before is None else self._one(SQL["place"], (account, before))
        before_ms, before_sid = place_after(before, known and known[0], wanted.to_ms)
        return {
            "account": account,
            "before_ms": before_ms,
            "before_sid": before_sid,
            "from_ms": wanted.from_ms or 0,
            "service": wanted.service,
            "verification": wanted.verification,
            "channel": wanted.channel,
            "country": wanted.country,
            "converted": None if wanted.converted is None else int(wanted.converted),
            "limit": limit,
        }


def add_attempts(tx: SqliteWriter, rows: Iterable[VerificationAttemptRow], tally: CodeTally) -> None:
    """Write them, in the caller's transaction, and count those that are new."""
    by_key = {(row.account, row.sid): row for row in rows}
    for key in INSERT.returned(tx, [VERIFICATION_ATTEMPT.write(row) for row in by_key.values()]):
        tally.attempt(by_key[key])


def convert_attempts(tx: SqliteWriter, account: str, verification: str, tally: CodeTally) -> None:
    """Note that the code of a verification was entered, in the caller's transaction."""
    for values in tx.run(SQL["convert"], (account, verification)).fetchall():
        tally.converted(account, *values)


def _mark(tx: SqliteWriter, wanted: Sequence[tuple[str, str, int, str]]) -> list[None]:
    tally = CodeTally()
    for account, sid, code, why in wanted:
        for values in tx.run(SQL["row"], (account, sid)).fetchall():
            row = VERIFICATION_ATTEMPT.read(values)
            tally.attempt(row, -1)
            tally.attempt(replace(row, refusal=code))
            tx.run(SQL["refuse"], (account, sid, code, why))
    add_code_counts(tx, tally)
    return [None] * len(wanted)

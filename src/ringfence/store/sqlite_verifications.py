"""Verifications in SQLite."""

from collections.abc import Sequence

from msgspec.structs import replace

from ringfence.domain.verification import Attempt, Status
from ringfence.ports.verification_attempts import VerificationAttemptRow
from ringfence.ports.verifications import VerificationRow
from ringfence.store.attempt_rows import attempt_row
from ringfence.store.bulk_insert import BulkInsert
from ringfence.store.code_tally import CodeTally
from ringfence.store.columns import VERIFICATION, write_attempts
from ringfence.store.json_rows import json_rows
from ringfence.store.sqlite_code_counts import add_code_counts
from ringfence.store.sqlite_session import SqliteWriter
from ringfence.store.sqlite_verification_attempts import SqliteVerificationAttempts, add_attempts, convert_attempts
from ringfence.store.statements import statements

SQL = statements("sqlite/verifications")

INSERT = BulkInsert(SQL["insert"])


class SqliteVerifications(SqliteVerificationAttempts):
    """`ports.verifications.VerificationStore`, and that of attempts."""

    async def begin_verification(self, row: VerificationRow) -> VerificationRow:
        return await self._write(_begin, row)

    async def verification(self, account: str, sid: str) -> VerificationRow | None:
        row = self._one(SQL["row"], (account, sid))
        return None if row is None else VERIFICATION.read(row)

    async def verifications_of(self, keys: Sequence[tuple[str, str]]) -> list[VerificationRow | None]:
        rows = [VERIFICATION.read(row) for row in self._all(SQL["verifications_of"], (json_rows(keys),))]
        found = {(row.account, row.sid): row for row in rows}
        return [found.get(key) for key in keys]

    async def held_verification(
        self, account: str, service: str, to_index: bytes, now_ms: int
    ) -> VerificationRow | None:
        row = self._one(SQL["held"], (account, service, to_index, now_ms))
        return None if row is None else VERIFICATION.read(row)

    async def attempt_verification(
        self, account: str, sid: str, attempt: Attempt, limit: int
    ) -> VerificationRow | None:
        return await self._write(_attempt, (account, sid, attempt, limit))

    async def move_verification(self, account: str, sid: str, status: Status, at_ms: int) -> VerificationRow | None:
        return await self._write(_move, (account, sid, status.value, at_ms))

    async def refuse_attempt(self, row: VerificationAttemptRow, failed: VerificationRow | None = None) -> None:
        await self._write(_refuse, (row, failed))


def _begin(tx: SqliteWriter, rows: Sequence[VerificationRow]) -> list[VerificationRow]:
    """All at once; those whose number another one holds, or held until its time was up, then one by one."""
    begun = set(INSERT.returned(tx, [VERIFICATION.write(row) for row in rows]))
    ends = [row if (row.account, row.sid) in begun else _begin_anew(tx, row) for row in rows]
    new = [row for row, end in zip(rows, ends, strict=True) if end is row]
    tally = CodeTally()
    for row in new:
        tally.started(row)
    add_attempts(tx, (attempt_row(row, attempt) for row in new for attempt in row.attempts), tally)
    add_code_counts(tx, tally)
    return ends


def _begin_anew(tx: SqliteWriter, row: VerificationRow) -> VerificationRow:
    place = (row.account, row.service, row.to_index, row.created_ms)
    tx.run(SQL["expire"], place)
    if INSERT.returned(tx, [VERIFICATION.write(row)]):
        return row
    return VERIFICATION.read(tx.run(SQL["held"], place).fetchone())


def _attempt(tx: SqliteWriter, wanted: Sequence[tuple[str, str, Attempt, int]]) -> list[VerificationRow | None]:
    tally = CodeTally()
    ends = [_attempt_one(tx, tally, *one) for one in wanted]
    add_code_counts(tx, tally)
    return ends


def _attempt_one(
    tx: SqliteWriter, tally: CodeTally, account: str, sid: str, attempt: Attempt, limit: int
) -> VerificationRow | None:
    found = tx.run(SQL["row"], (account, sid)).fetchone()
    row = None if found is None else with_attempt(VERIFICATION.read(found), attempt, limit)
    if row is not None:
        tx.run(SQL["attempt"], (account, sid, write_attempts(row.attempts), row.channel, row.updated_ms))
        add_attempts(tx, [attempt_row(row, attempt)], tally)
    return row


def _move(tx: SqliteWriter, wanted: Sequence[tuple[str, str, str, int]]) -> list[VerificationRow | None]:
    tally = CodeTally()
    ends = [_move_one(tx, tally, *one) for one in wanted]
    add_code_counts(tx, tally)
    return ends


def _move_one(
    tx: SqliteWriter, tally: CodeTally, account: str, sid: str, status: str, at_ms: int
) -> VerificationRow | None:
    found = tx.run(SQL["move"], (account, sid, status, at_ms)).fetchall()
    row = VERIFICATION.read(found[0]) if found else None
    if row is not None and status == Status.APPROVED:
        tally.approved(row)
        convert_attempts(tx, account, sid, tally)
    return row


def _refuse(tx: SqliteWriter, wanted: Sequence[tuple[VerificationAttemptRow, VerificationRow | None]]) -> list[None]:
    tally = CodeTally()
    for row, failed in wanted:
        if failed is not None:
            tx.run(SQL["insert_failed"], VERIFICATION.write(failed))
        add_attempts(tx, [row], tally)
    add_code_counts(tx, tally)
    return [None] * len(wanted)


def with_attempt(row: VerificationRow, attempt: Attempt, limit: int) -> VerificationRow | None:
    """The row with one attempt more; None where it is over, or has them all."""
    if row.status is not Status.PENDING or attempt.at_ms >= row.expires_ms or len(row.attempts) >= limit:
        return None
    return replace(row, attempts=(*row.attempts, attempt), channel=attempt.channel, updated_ms=attempt.at_ms)

"""Verifications in PostgreSQL."""

from collections.abc import Sequence

from ringfence.domain.verification import Attempt, Status
from ringfence.ports.verification_attempts import VerificationAttemptRow
from ringfence.ports.verifications import VerificationRow
from ringfence.store.attempt_rows import attempt_row
from ringfence.store.code_tally import CodeTally
from ringfence.store.columns import VERIFICATION, write_attempts
from ringfence.store.postgres_code_counts import add_code_counts
from ringfence.store.postgres_committer import Connection
from ringfence.store.postgres_ground import columns
from ringfence.store.postgres_verification_attempts import (
    PostgresVerificationAttempts,
    add_attempts,
    convert_attempts,
)
from ringfence.store.sqlite_verifications import with_attempt
from ringfence.store.statements import statements

SQL = statements("postgres/verifications")


class PostgresVerifications(PostgresVerificationAttempts):
    """`ports.verifications.VerificationStore`, and that of attempts."""

    async def begin_verification(self, row: VerificationRow) -> VerificationRow:
        return await self._write(_begin, row)

    async def verification(self, account: str, sid: str) -> VerificationRow | None:
        row = await self._one(SQL["row"], account, sid)
        return None if row is None else VERIFICATION.read(row)

    async def verifications_of(self, keys: Sequence[tuple[str, str]]) -> list[VerificationRow | None]:
        found = await self._all(SQL["verifications_of"], *columns(keys)) if keys else []
        rows = {(row.account, row.sid): row for row in map(VERIFICATION.read, found)}
        return [rows.get(key) for key in keys]

    async def held_verification(
        self, account: str, service: str, to_index: bytes, now_ms: int
    ) -> VerificationRow | None:
        row = await self._one(SQL["held"], account, service, to_index, now_ms)
        return None if row is None else VERIFICATION.read(row)

    async def attempt_verification(
        self, account: str, sid: str, attempt: Attempt, limit: int
    ) -> VerificationRow | None:
        return await self._write(_attempt, (account, sid, attempt, limit))

    async def move_verification(self, account: str, sid: str, status: Status, at_ms: int) -> VerificationRow | None:
        return await self._write(_move, (account, sid, status.value, at_ms))

    async def refuse_attempt(self, row: VerificationAttemptRow, failed: VerificationRow | None = None) -> None:
        await self._write(_refuse, (row, failed))


async def _begin(tx: Connection, rows: Sequence[VerificationRow]) -> list[VerificationRow | Exception]:
    """All at once; those whose number another one holds, or held until its time was up, then one by one."""
    begun = await _inserted(tx, rows)
    ends = [row if (row.account, row.sid) in begun else await _begin_anew(tx, row) for row in rows]
    new = [row for row, end in zip(rows, ends, strict=True) if end is row]
    tally = CodeTally()
    for row in new:
        tally.started(row)
    await add_attempts(tx, [attempt_row(row, attempt) for row in new for attempt in row.attempts], tally)
    await add_code_counts(tx, tally)
    return ends


async def _inserted(tx: Connection, rows: Sequence[VerificationRow]) -> set[tuple[str, str]]:
    # In the order of what they may wait for each other for, so that nobody waits in a circle.
    ordered = sorted(rows, key=lambda row: (row.account, row.service, row.to_index))
    found = await tx.fetch(SQL["insert"], *columns([VERIFICATION.write(row) for row in ordered]))
    return {(account, sid) for account, sid in found}


async def _begin_anew(tx: Connection, row: VerificationRow) -> VerificationRow | Exception:
    place = (row.account, row.service, row.to_index, row.created_ms)
    await tx.execute(SQL["expire"], *place)
    if await _inserted(tx, [row]):
        return row
    found = await tx.fetchrow(SQL["held"], *place)
    # Between the two it may have ended: then there is nothing to go on with, and whoever asked asks again.
    return ConnectionError("the verification ended meanwhile") if found is None else VERIFICATION.read(found)


async def _attempt(tx: Connection, wanted: Sequence[tuple[str, str, Attempt, int]]) -> list[VerificationRow | None]:
    tally = CodeTally()
    ends = [await _attempt_one(tx, tally, *one) for one in wanted]
    await add_code_counts(tx, tally)
    return ends


async def _attempt_one(
    tx: Connection, tally: CodeTally, account: str, sid: str, attempt: Attempt, limit: int
) -> VerificationRow | None:
    found = await tx.fetchrow(SQL["hold"], account, sid)
    row = None if found is None else with_attempt(VERIFICATION.read(found), attempt, limit)
    if row is not None:
        await tx.execute(SQL["attempt"], account, sid, write_attempts(row.attempts), row.channel, row.updated_ms)
        await add_attempts(tx, [attempt_row(row, attempt)], tally)
    return row


async def _move(tx: Connection, wanted: Sequence[tuple[str, str, str, int]]) -> list[VerificationRow | None]:
    tally = CodeTally()
    ends = [await _move_one(tx, tally, *one) for one in wanted]
    await add_code_counts(tx, tally)
    return ends


async def _move_one(
    tx: Connection, tally: CodeTally, account: str, sid: str, status: str, at_ms: int
) -> VerificationRow | None:
    found = await tx.fetchrow(SQL["move"], account, sid, status, at_ms)
    row = None if found is None else VERIFICATION.read(found)
    if row is not None and status == Status.APPROVED:
        tally.approved(row)
        await convert_attempts(tx, account, sid, tally)
    return row


async def _refuse(
    tx: Connection, wanted: Sequence[tuple[VerificationAttemptRow, VerificationRow | None]]
) -> list[None]:
    tally = CodeTally()
    for row, failed in wanted:
        if failed is not None:
            await tx.execute(SQL["insert_failed"], *VERIFICATION.write(failed))
        await add_attempts(tx, [row], tally)
    await add_code_counts(tx, tally)
    return [None] * len(wanted)

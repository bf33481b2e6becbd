"""Verifications in SQLite."""

from collections.abc import Sequence

from msgspec.structs import replace

from ringfence.domain.verification import Attempt, Status
from ringfence.ports.verifications import VerificationRow
from ringfence.store.columns import VERIFICATION, write_attempts
from ringfence.store.sqlite_ground import SqliteGround
from ringfence.store.sqlite_session import SqliteWriter
from ringfence.store.statements import statements

SQL = statements("sqlite/verifications")


class SqliteVerifications(SqliteGround):
    """`ports.verifications.VerificationStore`."""

    async def begin_verification(self, row: VerificationRow) -> VerificationRow:
        return await self._write(_begin, row)

    async def verification(self, account: str, sid: str) -> VerificationRow | None:
        row = self._one(SQL["row"], (account, sid))
        return None if row is None else VERIFICATION.read(row)

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


def _begin(tx: SqliteWriter, rows: Sequence[VerificationRow]) -> list[VerificationRow]:
    return [_begin_one(tx, row) for row in rows]


def _begin_one(tx: SqliteWriter, row: VerificationRow) -> VerificationRow:
    place = (row.account, row.service, row.to_index, row.created_ms)
    tx.run(SQL["expire"], place)
    if tx.run(SQL["insert"], VERIFICATION.write(row)).rowcount:
        return row
    return VERIFICATION.read(tx.run(SQL["held"], place).fetchone())


def _attempt(tx: SqliteWriter, wanted: Sequence[tuple[str, str, Attempt, int]]) -> list[VerificationRow | None]:
    return [_attempt_one(tx, *one) for one in wanted]


def _attempt_one(tx: SqliteWriter, account: str, sid: str, attempt: Attempt, limit: int) -> VerificationRow | None:
    found = tx.run(SQL["row"], (account, sid)).fetchone()
    row = None if found is None else with_attempt(VERIFICATION.read(found), attempt, limit)
    if row is not None:
        tx.run(SQL["attempt"], (account, sid, write_attempts(row.attempts), row.channel, row.updated_ms))
    return row


def _move(tx: SqliteWriter, wanted: Sequence[tuple[str, str, str, int]]) -> list[VerificationRow | None]:
    moved = [tx.run(SQL["move"], one).fetchall() for one in wanted]
    return [VERIFICATION.read(rows[0]) if rows else None for rows in moved]


def with_attempt(row: VerificationRow, attempt: Attempt, limit: int) -> VerificationRow | None:
    """The row with one attempt more; None where it is over, or has them all."""
    if row.status is not Status.PENDING or attempt.at_ms >= row.expires_ms or len(row.attempts) >= limit:
        return None
    return replace(row, attempts=(*row.attempts, attempt), channel=attempt.channel, updated_ms=attempt.at_ms)

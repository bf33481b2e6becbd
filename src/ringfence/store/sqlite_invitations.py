"""Invitations, in SQLite."""

from collections.abc import Sequence
from typing import Any

from ringfence.ports.invitations import InvitationRow
from ringfence.store.paging import LAST
from ringfence.store.sqlite_ground import SqliteGround
from ringfence.store.sqlite_session import SqliteWriter
from ringfence.store.statements import statements

SQL = statements("sqlite/invitations")


class SqliteInvitations(SqliteGround):
    """`ports.invitations.InvitationStore`."""

    async def put_invitation(self, row: InvitationRow, digest: bytes) -> None:
        await self._write(_put, (row, digest))

    async def invitation(self, digest: bytes) -> InvitationRow | None:
        row = self._one(SQL["of"], (digest,))
        return None if row is None else _row(row)

    async def take_invitation(self, digest: bytes, account: str, at_ms: int) -> bool:
        return await self._write(_take, (digest, account, at_ms))

    async def delete_invitation(self, invitation: str) -> bool:
        return await self._write(_delete, invitation)

    async def invitations(
        self, *, before: str | None = None, limit: int = 50, open_at_ms: int | None = None
    ) -> Sequence[InvitationRow]:
        place = before or LAST
        if open_at_ms is None:
            return [_row(row) for row in self._all(SQL["all"], (place, limit))]
        return [_row(row) for row in self._all(SQL["open"], (place, open_at_ms, limit))]


def _row(values: Sequence[Any]) -> InvitationRow:
    return InvitationRow(**dict(zip(InvitationRow.__struct_fields__, values, strict=True)))


def _put(tx: SqliteWriter, rows: Sequence[tuple[InvitationRow, bytes]]) -> list[None]:
    for row, digest in rows:
        tx.run(SQL["put"], (digest, row.id, row.name, row.invited_by, row.created_ms, row.expires_ms))
    return [None] * len(rows)


def _take(tx: SqliteWriter, taken: Sequence[tuple[bytes, str, int]]) -> list[bool]:
    return [tx.run(SQL["take"], (at_ms, account, digest, at_ms)).rowcount > 0 for digest, account, at_ms in taken]


def _delete(tx: SqliteWriter, ids: Sequence[str]) -> list[bool]:
    return [tx.run(SQL["delete"], (one,)).rowcount > 0 for one in ids]

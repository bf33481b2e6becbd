"""Invitations, in SQLite."""

from collections.abc import Sequence
from typing import Any

from ringfence.ports.invitations import InvitationRow
from ringfence.store.sqlite_ground import SqliteGround
from ringfence.store.sqlite_session import SqliteWriter
from ringfence.store.statements import statements

SQL = statements("sqlite/invitations")


class SqliteInvitations(SqliteGround):
    """`ports.invitations.InvitationStore`."""

    async def put_invitation(self, row: InvitationRow) -> None:
        await self._write(_put, row)

    async def invitation(self, digest: bytes) -> InvitationRow | None:
        row = self._one(SQL["of"], (digest,))
        return None if row is None else _row(row)

    async def take_invitation(self, digest: bytes, account: str, at_ms: int) -> bool:
        return await self._write(_take, (digest, account, at_ms))

    async def delete_invitation(self, invitation: str) -> bool:
        return await self._write(_delete, invitation)

    async def invitations(self) -> Sequence[InvitationRow]:
        return [_row(row) for row in self._all(SQL["all"])]


def _row(values: Sequence[Any]) -> InvitationRow:
    return InvitationRow(**dict(zip(InvitationRow.__struct_fields__, values, strict=True)))


def _put(tx: SqliteWriter, rows: Sequence[InvitationRow]) -> list[None]:
    for row in rows:
        tx.run(SQL["put"], (row.id, row.digest, row.name, row.created_ms, row.expires_ms, row.taken_ms, row.account))
    return [None] * len(rows)


def _take(tx: SqliteWriter, taken: Sequence[tuple[bytes, str, int]]) -> list[bool]:
    return [tx.run(SQL["take"], (at_ms, account, digest, at_ms)).rowcount > 0 for digest, account, at_ms in taken]


def _delete(tx: SqliteWriter, ids: Sequence[str]) -> list[bool]:
    return [tx.run(SQL["delete"], (one,)).rowcount > 0 for one in ids]

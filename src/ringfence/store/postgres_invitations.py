"""Invitations, in PostgreSQL."""

from collections.abc import Sequence

from ringfence.ports.invitations import InvitationRow
from ringfence.store.paging import LAST
from ringfence.store.postgres_committer import Connection
from ringfence.store.postgres_ground import PostgresGround, count
from ringfence.store.statements import statements

SQL = statements("postgres/invitations")


class PostgresInvitations(PostgresGround):
    """`ports.invitations.InvitationStore`."""

    async def put_invitation(self, row: InvitationRow, digest: bytes) -> None:
        await self._write(_put, (row, digest))

    async def invitation(self, digest: bytes) -> InvitationRow | None:
        row = await self._one(SQL["of"], digest)
        return None if row is None else InvitationRow(**row)

    async def take_invitation(self, digest: bytes, account: str, at_ms: int) -> bool:
        return await self._write(_take, (digest, account, at_ms))

    async def delete_invitation(self, invitation: str) -> bool:
        return await self._write(_delete, invitation)

    async def invitations(
        self, *, before: str | None = None, limit: int = 50, open_at_ms: int | None = None
    ) -> Sequence[InvitationRow]:
        place = before or LAST
        if open_at_ms is None:
            return [InvitationRow(**row) for row in await self._all(SQL["all"], place, limit)]
        return [InvitationRow(**row) for row in await self._all(SQL["open"], place, open_at_ms, limit)]


async def _put(tx: Connection, rows: Sequence[tuple[InvitationRow, bytes]]) -> list[None]:
    for row, digest in rows:
        await tx.execute(SQL["put"], digest, row.id, row.name, row.invited_by, row.created_ms, row.expires_ms)
    return [None] * len(rows)


async def _take(tx: Connection, taken: Sequence[tuple[bytes, str, int]]) -> list[bool]:
    return [count(await tx.execute(SQL["take"], digest, account, at_ms)) > 0 for digest, account, at_ms in taken]


async def _delete(tx: Connection, ids: Sequence[str]) -> list[bool]:
    return [count(await tx.execute(SQL["delete"], one)) > 0 for one in ids]

"""Freezes, in PostgreSQL."""

from collections.abc import Sequence

from ringfence.ports.freezes import FreezeKind, FreezeRow
from ringfence.store.postgres_committer import Connection
from ringfence.store.postgres_ground import PostgresGround, count
from ringfence.store.statements import statements

SQL = statements("postgres/freezes")


class PostgresFreezes(PostgresGround):
    """`ports.freezes.FreezeStore`."""

    async def put_freeze(self, row: FreezeRow) -> bool:
        return await self._write(_put, row)

    async def delete_freeze(self, kind: FreezeKind, name: str, at_ms: int | None = None) -> bool:
        return await self._write(_delete, (kind, name, at_ms))

    async def freezes(self) -> Sequence[FreezeRow]:
        return [FreezeRow(**row) for row in await self._all(SQL["all"])]


async def _put(tx: Connection, rows: Sequence[FreezeRow]) -> list[bool]:
    return [count(await tx.execute(SQL["put"], row.kind, row.name, row.was, row.at_ms)) > 0 for row in rows]


async def _delete(tx: Connection, keys: Sequence[tuple[FreezeKind, str, int | None]]) -> list[bool]:
    return [count(await tx.execute(SQL["delete"], *key)) > 0 for key in keys]

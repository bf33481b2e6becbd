"""Freezes, in SQLite."""

from collections.abc import Sequence

from ringfence.ports.freezes import FreezeKind, FreezeRow
from ringfence.store.sqlite_ground import SqliteGround
from ringfence.store.sqlite_session import SqliteWriter
from ringfence.store.statements import statements

SQL = statements("sqlite/freezes")


class SqliteFreezes(SqliteGround):
    """`ports.freezes.FreezeStore`."""

    async def put_freeze(self, row: FreezeRow) -> bool:
        return await self._write(_put, row)

    async def delete_freeze(self, kind: FreezeKind, name: str, at_ms: int | None = None) -> bool:
        return await self._write(_delete, (kind, name, at_ms))

    async def freezes(self) -> Sequence[FreezeRow]:
        return [
            FreezeRow(kind=kind, name=name, was=was, at_ms=at_ms) for kind, name, was, at_ms in self._all(SQL["all"])
        ]


def _put(tx: SqliteWriter, rows: Sequence[FreezeRow]) -> list[bool]:
    return [tx.run(SQL["put"], (row.kind, row.name, row.was, row.at_ms)).rowcount > 0 for row in rows]


def _delete(tx: SqliteWriter, keys: Sequence[tuple[FreezeKind, str, int | None]]) -> list[bool]:
    return [tx.run(SQL["delete"], key).rowcount > 0 for key in keys]

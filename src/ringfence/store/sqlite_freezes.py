"""Freezes, in SQLite."""

from collections.abc import Sequence

from ringfence.ports.freezes import FreezeKind, FreezeRow
from ringfence.store.sqlite_ground import SqliteGround
from ringfence.store.sqlite_session import SqliteWriter
from ringfence.store.statements import statements

SQL = statements("sqlite/freezes")

Thaw = tuple[FreezeKind, str, int | None, int]


class SqliteFreezes(SqliteGround):
    """`ports.freezes.FreezeStore`."""

    async def put_freeze(self, row: FreezeRow) -> bool:
        return await self._write(_put, row)

    async def delete_freeze(self, kind: FreezeKind, name: str, at_ms: int | None = None, *, now_ms: int = 0) -> bool:
        return await self._write(_delete, (kind, name, at_ms, now_ms))

    async def freezes(self) -> Sequence[FreezeRow]:
        return [
            FreezeRow(kind=kind, name=name, was=was, at_ms=at_ms) for kind, name, was, at_ms in self._all(SQL["all"])
        ]


def _put(tx: SqliteWriter, rows: Sequence[FreezeRow]) -> list[bool]:
    return [_put_one(tx, row) for row in rows]


def _put_one(tx: SqliteWriter, row: FreezeRow) -> bool:
    new = tx.run(SQL["put"], (row.kind, row.name, row.at_ms)).rowcount > 0
    if row.kind == "account":
        tx.run(SQL["suspend"], (row.name, row.at_ms))
    return new


def _delete(tx: SqliteWriter, thaws: Sequence[Thaw]) -> list[bool]:
    return [_delete_one(tx, *thaw) for thaw in thaws]


def _delete_one(tx: SqliteWriter, kind: FreezeKind, name: str, at_ms: int | None, now_ms: int) -> bool:
    found = tx.run(SQL["delete"], (kind, name, at_ms)).fetchone()
    if found is not None and kind == "account" and found[0]:
        tx.run(SQL["go_on"], (name, found[0], now_ms))
    return found is not None

"""Freezes, in SQLite."""

import itertools
from collections.abc import Sequence

from ringfence.ports.freezes import ENDED_AT_ONCE, EndedFreeze, FreezeKind, FreezeRow
from ringfence.store.json_rows import json_rows
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

    async def ended_freezes(self, *, limit: int = ENDED_AT_ONCE) -> Sequence[EndedFreeze]:
        return [
            EndedFreeze(kind=kind, name=name, at_ms=at_ms, ended_ms=ended_ms)
            for kind, name, at_ms, ended_ms in self._all(SQL["ended"], (limit,))
        ]

    async def forget_ended(self, rows: Sequence[EndedFreeze]) -> None:
        await self._write(_forget, rows)


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
    if found is None:
        return False
    was, began_ms = found
    if kind == "account" and was:
        tx.run(SQL["go_on"], (name, was, now_ms))
    if kind != "carrier":
        tx.run(SQL["end"], (kind, name, began_ms, now_ms))
    return True


def _forget(tx: SqliteWriter, requests: Sequence[Sequence[EndedFreeze]]) -> list[None]:
    known = [(row.kind, row.name, row.at_ms) for row in itertools.chain.from_iterable(requests)]
    tx.run(SQL["forget"], (json_rows(known),))
    return [None] * len(requests)

"""Freezes, in PostgreSQL."""

import itertools
from collections.abc import Sequence

from ringfence.ports.freezes import ENDED_AT_ONCE, EndedFreeze, FreezeKind, FreezeRow
from ringfence.store.postgres_accounts import TURN
from ringfence.store.postgres_committer import Connection
from ringfence.store.postgres_ground import PostgresGround, columns, count
from ringfence.store.statements import statements

SQL = statements("postgres/freezes")

Thaw = tuple[FreezeKind, str, int | None, int]


class PostgresFreezes(PostgresGround):
    """`ports.freezes.FreezeStore`. What happens to one account happens in turn: its row is locked first."""

    async def put_freeze(self, row: FreezeRow) -> bool:
        return await self._write_directory(_put, row)

    async def delete_freeze(self, kind: FreezeKind, name: str, at_ms: int | None = None, *, now_ms: int = 0) -> bool:
        return await self._write_directory(_delete, (kind, name, at_ms, now_ms))

    async def freezes(self) -> Sequence[FreezeRow]:
        return [FreezeRow(**row) for row in await self._all(SQL["all"])]

    async def ended_freezes(self, *, limit: int = ENDED_AT_ONCE) -> Sequence[EndedFreeze]:
        return [EndedFreeze(**row) for row in await self._all(SQL["ended"], limit)]

    async def forget_ended(self, rows: Sequence[EndedFreeze]) -> None:
        await self._write(_forget, rows)


async def _put(tx: Connection, rows: Sequence[FreezeRow]) -> list[bool]:
    return [await _put_one(tx, row) for row in rows]


async def _put_one(tx: Connection, row: FreezeRow) -> bool:
    was = await tx.fetchval(TURN, row.name) if row.kind == "account" else None
    new = count(await tx.execute(SQL["put"], row.kind, row.name, was or "", row.at_ms)) > 0
    if was is not None:
        await tx.execute(SQL["suspend"], row.name, row.at_ms)
    return new


async def _delete(tx: Connection, thaws: Sequence[Thaw]) -> list[bool]:
    return [await _delete_one(tx, *thaw) for thaw in thaws]


async def _delete_one(tx: Connection, kind: FreezeKind, name: str, at_ms: int | None, now_ms: int) -> bool:
    if kind == "account":
        await tx.fetchval(TURN, name)
    found = await tx.fetchrow(SQL["delete"], kind, name, at_ms)
    if found is None:
        return False
    if kind == "account" and found["was"]:
        await tx.execute(SQL["go_on"], name, found["was"], now_ms)
    if kind != "carrier":
        await tx.execute(SQL["end"], kind, name, found["at_ms"], now_ms)
    return True


async def _forget(tx: Connection, requests: Sequence[Sequence[EndedFreeze]]) -> list[None]:
    known = [(row.kind, row.name, row.at_ms) for row in itertools.chain.from_iterable(requests)]
    if known:
        await tx.execute(SQL["forget"], *columns(known))
    return [None] * len(requests)

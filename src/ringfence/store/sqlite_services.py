"""Messaging Services in SQLite."""

import sqlite3
from collections.abc import Sequence

from ringfence.ports.messaging_services import PooledError, PoolFullError, PoolRow, ServiceRow
from ringfence.ports.store import SidTakenError
from ringfence.store.columns import POOLED, SERVICE
from ringfence.store.paging import place_after
from ringfence.store.sqlite_ground import SqliteGround
from ringfence.store.sqlite_session import SqliteWriter
from ringfence.store.statements import statements

SQL = statements("sqlite/services")

Key = tuple[str, str]
Addition = tuple[str, str, str, int, int]
Removal = tuple[str, str, str]
Stuck = tuple[str, str, bytes, str, int]


class SqliteServices(SqliteGround):
    """`ports.messaging_services.ServiceStore`."""

    async def create_service(self, row: ServiceRow) -> None:
        await self._write(_create, row)

    async def service(self, account: str, sid: str) -> ServiceRow | None:
        row = self._one(SQL["service"], (account, sid))
        return None if row is None else SERVICE.read(row)

    async def services(self, account: str, *, before: str | None = None, limit: int = 50) -> list[ServiceRow]:
        known = None if before is None else self._one(SQL["place"], (account, before))
        rows = self._all(SQL["list"], (account, *place_after(before, known and known[0]), limit))
        return [SERVICE.read(row) for row in rows]

    async def update_service(self, row: ServiceRow) -> bool:
        return await self._write(_update, row)

    async def delete_service(self, account: str, sid: str) -> bool:
        return await self._write(_delete, (account, sid))

    async def add_to_pool(self, account: str, service: str, number_sid: str, at_ms: int, limit: int) -> bool:
        return await self._write(_add, (account, service, number_sid, at_ms, limit))

    async def remove_from_pool(self, account: str, service: str, number_sid: str) -> bool:
        return await self._write(_remove, (account, service, number_sid))

    async def pool(self, account: str, service: str, *, before: str | None = None, limit: int = 50) -> list[PoolRow]:
        known = None if before is None else self._one(SQL["pool_place"], (account, before))
        rows = self._all(SQL["pool"], (account, service, *place_after(before, known and known[0]), limit))
        return [POOLED.read(row) for row in rows]

    async def pooled(self, account: str, service: str, number_sid: str) -> PoolRow | None:
        row = self._one(SQL["pooled"], (account, service, number_sid))
        return None if row is None else POOLED.read(row)

    async def service_of(self, account: str, number_sid: str) -> ServiceRow | None:
        row = self._one(SQL["service_of"], (account, number_sid))
        return None if row is None else SERVICE.read(row)

    async def sticky_sender(self, account: str, service: str, recipient: bytes) -> PoolRow | None:
        row = self._one(SQL["sticky"], (account, service, recipient))
        return None if row is None else POOLED.read(row)

    async def stick(self, account: str, service: str, recipient: bytes, number_sid: str, at_ms: int) -> str:
        return await self._write(_stick, (account, service, recipient, number_sid, at_ms))


def _create(tx: SqliteWriter, rows: Sequence[ServiceRow]) -> list[Exception | None]:
    ends: list[Exception | None] = []
    for row in rows:
        try:
            tx.run(SQL["insert"], SERVICE.write(row))
            ends.append(None)
        except sqlite3.IntegrityError:
            ends.append(SidTakenError())
    return ends


def _update(tx: SqliteWriter, rows: Sequence[ServiceRow]) -> list[bool]:
    tx.erased = True
    return [tx.run(SQL["update"], _changed(row)).rowcount > 0 for row in rows]


def _changed(row: ServiceRow) -> list[object]:
    """All columns but when it was made."""
    *values, _, updated_ms = SERVICE.write(row)
    return [*values, updated_ms]


def _delete(tx: SqliteWriter, keys: Sequence[Key]) -> list[bool]:
    tx.erased = True
    tx.run_many(SQL["unpool_all"], keys)
    tx.run_many(SQL["forget_all"], keys)
    return [tx.run(SQL["delete"], key).rowcount > 0 for key in keys]


def _add(tx: SqliteWriter, additions: Sequence[Addition]) -> list[bool | Exception]:
    return [_add_one(tx, *addition) for addition in additions]


def _add_one(tx: SqliteWriter, account: str, service: str, number_sid: str, at_ms: int, limit: int) -> bool | Exception:
    known = (
        tx.run(SQL["service"], (account, service)).fetchone() and tx.run(SQL["owned"], (account, number_sid)).fetchone()
    )
    if not known:
        return False
    if (pooled := tx.run(SQL["pool_of"], (account, number_sid)).fetchone()) is not None:
        return PooledError(pooled[0])
    if tx.run(SQL["size"], (account, service)).fetchone()[0] >= limit:
        return PoolFullError()
    tx.run(SQL["pool_insert"], (account, service, number_sid, at_ms))
    return True


def _remove(tx: SqliteWriter, removals: Sequence[Removal]) -> list[bool]:
    tx.run_many(SQL["forget"], removals)
    return [tx.run(SQL["unpool"], removal).rowcount > 0 for removal in removals]


def _stick(tx: SqliteWriter, choices: Sequence[Stuck]) -> list[str]:
    ends = []
    for choice in choices:
        tx.run(SQL["stick"], choice)
        ends.append(tx.run(SQL["stuck"], choice[:3]).fetchone()[0])
    return ends

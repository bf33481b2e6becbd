"""Messaging Services in PostgreSQL."""

from collections.abc import Sequence

from ringfence.ports.messaging_services import PooledError, PoolFullError, PoolRow, ServiceRow
from ringfence.ports.store import SidTakenError
from ringfence.store.columns import POOLED, SERVICE
from ringfence.store.paging import place_after
from ringfence.store.postgres_committer import Connection
from ringfence.store.postgres_ground import PostgresGround, count
from ringfence.store.statements import statements

SQL = statements("postgres/services")

Key = tuple[str, str]
Addition = tuple[str, str, str, int, int]
Removal = tuple[str, str, str]
Stuck = tuple[str, str, bytes, str, int]


class PostgresServices(PostgresGround):
    """`ports.messaging_services.ServiceStore`."""

    async def create_service(self, row: ServiceRow) -> None:
        await self._write(_create, row)

    async def service(self, account: str, sid: str) -> ServiceRow | None:
        row = await self._one(SQL["service"], account, sid)
        return None if row is None else SERVICE.read(row)

    async def services(self, account: str, *, before: str | None = None, limit: int = 50) -> list[ServiceRow]:
        place = place_after(before, await self._made_ms(SQL["place"], account, before))
        rows = await self._all(SQL["list"], account, *place, limit)
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
        place = place_after(before, await self._made_ms(SQL["pool_place"], account, before))
        rows = await self._all(SQL["pool"], account, service, *place, limit)
        return [POOLED.read(row) for row in rows]

    async def pooled(self, account: str, service: str, number_sid: str) -> PoolRow | None:
        row = await self._one(SQL["pooled"], account, service, number_sid)
        return None if row is None else POOLED.read(row)

    async def service_of(self, account: str, number_sid: str) -> ServiceRow | None:
        row = await self._one(SQL["service_of"], account, number_sid)
        return None if row is None else SERVICE.read(row)

    async def sticky_sender(self, account: str, service: str, recipient: bytes) -> PoolRow | None:
        row = await self._one(SQL["sticky"], account, service, recipient)
        return None if row is None else POOLED.read(row)

    async def stick(self, account: str, service: str, recipient: bytes, number_sid: str, at_ms: int) -> str:
        return await self._write(_stick, (account, service, recipient, number_sid, at_ms))


async def _create(tx: Connection, rows: Sequence[ServiceRow]) -> list[Exception | None]:
    return [None if count(await tx.execute(SQL["insert"], *SERVICE.write(row))) else SidTakenError() for row in rows]


async def _update(tx: Connection, rows: Sequence[ServiceRow]) -> list[bool]:
    return [count(await tx.execute(SQL["update"], *_changed(row))) > 0 for row in rows]


def _changed(row: ServiceRow) -> list[object]:
    """All columns but when it was made."""
    *values, _, updated_ms = SERVICE.write(row)
    return [*values, updated_ms]


async def _delete(tx: Connection, keys: Sequence[Key]) -> list[bool]:
    ends = []
    for key in keys:
        # First the service itself, which who adds to its pool holds.
        ends.append(count(await tx.execute(SQL["delete"], *key)) > 0)
        await tx.execute(SQL["unpool_all"], *key)
        await tx.execute(SQL["forget_all"], *key)
    return ends


async def _add(tx: Connection, additions: Sequence[Addition]) -> list[bool | Exception]:
    return [await _add_one(tx, *addition) for addition in additions]


async def _add_one(
    tx: Connection, account: str, service: str, number_sid: str, at_ms: int, limit: int
) -> bool | Exception:
    held = await tx.fetchval(SQL["hold_service"], account, service)
    if not held or not await tx.fetchval(SQL["hold_number"], account, number_sid):
        return False
    if (pooled := await tx.fetchval(SQL["pool_of"], account, number_sid)) is not None:
        return PooledError(pooled)
    if await tx.fetchval(SQL["size"], account, service) >= limit:
        return PoolFullError()
    if count(await tx.execute(SQL["pool_insert"], account, service, number_sid, at_ms)):
        return True
    return PooledError(str(await tx.fetchval(SQL["pool_of"], account, number_sid)))


async def _remove(tx: Connection, removals: Sequence[Removal]) -> list[bool]:
    ends = []
    for removal in removals:
        ends.append(count(await tx.execute(SQL["unpool"], *removal)) > 0)
        await tx.execute(SQL["forget"], *removal)
    return ends


async def _stick(tx: Connection, choices: Sequence[Stuck]) -> list[str]:
    ends = []
    for choice in choices:
        await tx.execute(SQL["stick"], *choice)
        ends.append(str(await tx.fetchval(SQL["stuck"], *choice[:3])))
    return ends

"""Verify's configuration in PostgreSQL."""

from collections.abc import Sequence

from ringfence.ports.store import SidTakenError
from ringfence.ports.verify_config import VerifyFullError, VerifyKind, VerifyNameTakenError, VerifyRow
from ringfence.store.columns import VERIFY
from ringfence.store.paging import place_after
from ringfence.store.postgres_committer import Connection
from ringfence.store.postgres_ground import PostgresGround, count
from ringfence.store.sqlite_verify_config import FEW, changed_columns
from ringfence.store.statements import statements

SQL = statements("postgres/verify_config")

Key = tuple[str, str, str, str]


class PostgresVerifyConfig(PostgresGround):
    """`ports.verify_config.VerifyConfigStore`."""

    async def create_verify(self, row: VerifyRow, limit: int) -> bool:
        return await self._write_directory(_create, (row, limit))

    async def verify_row(self, account: str, kind: VerifyKind, sid: str, *, parent: str = "") -> VerifyRow | None:
        return await self._known(SQL["row"], VERIFY, account, kind, parent, sid)

    async def verify_named(self, account: str, kind: VerifyKind, name: str, *, parent: str = "") -> VerifyRow | None:
        return await self._known(SQL["named"], VERIFY, account, kind, parent, name, absent_too=kind in FEW)

    async def verify_rows(
        self, account: str, kind: VerifyKind, *, parent: str = "", before: str | None = None, limit: int = 50
    ) -> list[VerifyRow]:
        known = None if before is None else await self._one(SQL["place"], account, kind, parent, before)
        place = place_after(before, None if known is None else known[0])
        return [VERIFY.read(row) for row in await self._all(SQL["list"], account, kind, parent, *place, limit)]

    async def update_verify(self, row: VerifyRow) -> bool:
        return await self._write_directory(_update, row)

    async def delete_verify(self, account: str, kind: VerifyKind, sid: str, *, parent: str = "") -> bool:
        return await self._write_directory(_delete, (account, kind, parent, sid))


async def _create(tx: Connection, wanted: Sequence[tuple[VerifyRow, int]]) -> list[bool | Exception]:
    return [await _create_one(tx, row, limit) for row, limit in wanted]


async def _create_one(tx: Connection, row: VerifyRow, limit: int) -> bool | Exception:
    # Who makes something below another holds that, so that nobody else fills it or takes it away meanwhile.
    if row.parent and not await tx.fetchval(SQL["hold"], row.account, row.parent):
        return False
    if await tx.fetchrow(SQL["row"], row.account, row.kind, row.parent, row.sid) is not None:
        return SidTakenError()
    if await _is_taken(tx, row):
        return VerifyNameTakenError()
    if await tx.fetchval(SQL["size"], row.account, row.kind, row.parent) >= limit:
        return VerifyFullError()
    if count(await tx.execute(SQL["insert"], *VERIFY.write(row))):
        return True
    return SidTakenError()


async def _update(tx: Connection, rows: Sequence[VerifyRow]) -> list[bool | Exception]:
    return [await _update_one(tx, row) for row in rows]


async def _update_one(tx: Connection, row: VerifyRow) -> bool | Exception:
    if await _is_taken(tx, row):
        return VerifyNameTakenError()
    return count(await tx.execute(SQL["update"], *changed_columns(row))) > 0


async def _delete(tx: Connection, keys: Sequence[Key]) -> list[bool]:
    return [await _delete_one(tx, *key) for key in keys]


async def _delete_one(tx: Connection, account: str, kind: str, parent: str, sid: str) -> bool:
    if not count(await tx.execute(SQL["delete"], account, kind, parent, sid)):
        return False
    await tx.execute(SQL["delete_below"], account, sid)
    return True


async def _is_taken(tx: Connection, row: VerifyRow) -> bool:
    # Two who take one name at the same moment come one after the other.
    await tx.execute(SQL["queue_for_name"], f"{row.account} {row.kind} {row.parent} {row.name}")
    found = await tx.fetchval(SQL["taken"], row.account, row.kind, row.parent, row.name, row.sid)
    return found is not None

"""SIP Domains, lists and mappings in PostgreSQL."""

from collections.abc import Sequence

from ringfence.ports.sip_access import SipFullError, SipKind, SipNameTakenError, SipRow
from ringfence.ports.store import SidTakenError
from ringfence.store.columns import SIP
from ringfence.store.memory_sip_access import MAPPINGS
from ringfence.store.paging import place_after
from ringfence.store.postgres_committer import Connection
from ringfence.store.postgres_ground import PostgresGround, count
from ringfence.store.statements import statements

SQL = statements("postgres/sip_access")

Key = tuple[str, str, str, str]


class PostgresSipAccess(PostgresGround):
    """`ports.sip_access.SipAccessStore`."""

    async def create_sip(self, row: SipRow, limit: int) -> bool:
        return await self._write(_create, (row, limit))

    async def sip_row(self, account: str, kind: SipKind, sid: str, *, parent: str = "") -> SipRow | None:
        row = await self._one(SQL["row"], account, kind, parent, sid)
        return None if row is None else SIP.read(row)

    async def sip_rows(
        self,
        account: str,
        kind: SipKind,
        *,
        parent: str = "",
        prefix: str = "",
        before: str | None = None,
        limit: int = 50,
    ) -> list[SipRow]:
        known = None if before is None else await self._one(SQL["place"], account, kind, parent, before)
        place = place_after(before, None if known is None else known[0])
        return [SIP.read(row) for row in await self._all(SQL["list"], account, kind, parent, prefix, *place, limit)]

    async def update_sip(self, row: SipRow) -> bool:
        return await self._write(_update, row)

    async def delete_sip(self, account: str, kind: SipKind, sid: str, *, parent: str = "") -> bool:
        return await self._write(_delete, (account, kind, parent, sid))

    async def sip_domain(self, name: str) -> SipRow | None:
        row = await self._one(SQL["domain"], name)
        return None if row is None else SIP.read(row)

    async def sip_below(self, account: str, kind: SipKind, parents: Sequence[str]) -> list[SipRow]:
        return [SIP.read(row) for row in await self._all(SQL["below"], account, kind, list(parents))]

    async def sip_credentials(self, account: str, lists: Sequence[str], username: str) -> list[SipRow]:
        return [SIP.read(row) for row in await self._all(SQL["credentials"], account, list(lists), username)]


async def _create(tx: Connection, wanted: Sequence[tuple[SipRow, int]]) -> list[bool | Exception]:
    return [await _create_one(tx, row, limit) for row, limit in wanted]


async def _create_one(tx: Connection, row: SipRow, limit: int) -> bool | Exception:
    mapping = row.kind in MAPPINGS
    # Who makes something in a list or a domain holds it, so that nobody else fills it or takes it away meanwhile.
    if row.parent and not await tx.fetchval(SQL["hold"], row.account, row.parent, mapping):
        return False
    if mapping and not await tx.fetchval(SQL["hold"], row.account, row.sid, False):
        return False
    if await tx.fetchrow(SQL["row"], row.account, row.kind, row.parent, row.sid) is not None:
        return SidTakenError()
    if await _is_taken(tx, row):
        return SipNameTakenError()
    if await tx.fetchval(SQL["size"], row.account, row.kind, row.parent) >= limit:
        return SipFullError()
    if count(await tx.execute(SQL["insert"], *SIP.write(row))):
        return True
    return SipNameTakenError()


async def _update(tx: Connection, rows: Sequence[SipRow]) -> list[bool | Exception]:
    return [await _update_one(tx, row) for row in rows]


async def _update_one(tx: Connection, row: SipRow) -> bool | Exception:
    if await _is_taken(tx, row):
        return SipNameTakenError()
    return count(await tx.execute(SQL["update"], *_changed(row))) > 0


async def _delete(tx: Connection, keys: Sequence[Key]) -> list[bool]:
    return [await _delete_one(tx, *key) for key in keys]


async def _delete_one(tx: Connection, account: str, kind: str, parent: str, sid: str) -> bool:
    if not count(await tx.execute(SQL["delete"], account, kind, parent, sid)):
        return False
    if not parent:
        await tx.execute(SQL["delete_below"], account, sid)
    return True


async def _is_taken(tx: Connection, row: SipRow) -> bool:
    # Two who take one name at the same moment come one after the other.
    await tx.execute(SQL["queue_for_name"], f"{row.kind} {row.name}")
    return await tx.fetchval(SQL["taken"], row.kind, row.name, row.account, row.parent, row.sid) is not None


def _changed(row: SipRow) -> list[object]:
    """All columns but when it was made."""
    *values, _, updated_ms = SIP.write(row)
    return [*values, updated_ms]

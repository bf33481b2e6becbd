"""SIP Domains, lists and mappings in SQLite."""

import json
from collections.abc import Sequence

from ringfence.ports.sip_access import SipFullError, SipKind, SipNameTakenError, SipRow
from ringfence.ports.store import SidTakenError
from ringfence.store.columns import SIP
from ringfence.store.memory_sip_access import MAPPINGS
from ringfence.store.paging import place_after
from ringfence.store.sqlite_ground import SqliteGround
from ringfence.store.sqlite_session import SqliteWriter
from ringfence.store.statements import statements

SQL = statements("sqlite/sip_access")

Key = tuple[str, str, str, str]


class SqliteSipAccess(SqliteGround):
    """`ports.sip_access.SipAccessStore`."""

    async def create_sip(self, row: SipRow, limit: int) -> bool:
        return await self._write(_create, (row, limit))

    async def sip_row(self, account: str, kind: SipKind, sid: str, *, parent: str = "") -> SipRow | None:
        row = self._one(SQL["row"], (account, kind, parent, sid))
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
        known = None if before is None else self._one(SQL["place"], (account, kind, parent, before))
        place = place_after(before, known and known[0])
        return [SIP.read(row) for row in self._all(SQL["list"], (account, kind, parent, prefix, *place, limit))]

    async def update_sip(self, row: SipRow) -> bool:
        return await self._write(_update, row)

    async def delete_sip(self, account: str, kind: SipKind, sid: str, *, parent: str = "") -> bool:
        return await self._write(_delete, (account, kind, parent, sid))

    async def sip_domain(self, name: str) -> SipRow | None:
        row = self._one(SQL["domain"], (name,))
        return None if row is None else SIP.read(row)

    async def sip_below(self, account: str, kind: SipKind, parents: Sequence[str]) -> list[SipRow]:
        return [SIP.read(row) for row in self._all(SQL["below"], (account, kind, json.dumps(list(parents))))]

    async def sip_credentials(self, account: str, lists: Sequence[str], username: str) -> list[SipRow]:
        rows = self._all(SQL["credentials"], (account, json.dumps(list(lists)), username))
        return [SIP.read(row) for row in rows]


def _create(tx: SqliteWriter, wanted: Sequence[tuple[SipRow, int]]) -> list[bool | Exception]:
    return [_create_one(tx, row, limit) for row, limit in wanted]


def _create_one(tx: SqliteWriter, row: SipRow, limit: int) -> bool | Exception:
    mapping = row.kind in MAPPINGS
    if row.parent and not _holds(tx, row.account, row.parent, domain=mapping):
        return False
    if mapping and not _holds(tx, row.account, row.sid, domain=False):
        return False
    if tx.run(SQL["row"], (row.account, row.kind, row.parent, row.sid)).fetchone() is not None:
        return SidTakenError()
    if _is_taken(tx, row):
        return SipNameTakenError()
    if tx.run(SQL["size"], (row.account, row.kind, row.parent)).fetchone()[0] >= limit:
        return SipFullError()
    tx.run(SQL["insert"], SIP.write(row))
    return True


def _update(tx: SqliteWriter, rows: Sequence[SipRow]) -> list[bool | Exception]:
    tx.erased = True
    return [
        SipNameTakenError() if _is_taken(tx, row) else tx.run(SQL["update"], _changed(row)).rowcount > 0 for row in rows
    ]


def _delete(tx: SqliteWriter, keys: Sequence[Key]) -> list[bool]:
    tx.erased = True
    return [_delete_one(tx, *key) for key in keys]


def _delete_one(tx: SqliteWriter, account: str, kind: str, parent: str, sid: str) -> bool:
    if not tx.run(SQL["delete"], (account, kind, parent, sid)).rowcount:
        return False
    if not parent:
        tx.run(SQL["delete_below"], (account, sid))
    return True


def _holds(tx: SqliteWriter, account: str, sid: str, *, domain: bool) -> bool:
    return tx.run(SQL["holder"], (account, sid, domain)).fetchone() is not None


def _is_taken(tx: SqliteWriter, row: SipRow) -> bool:
    return tx.run(SQL["taken"], (row.kind, row.name, row.account, row.parent, row.sid)).fetchone() is not None


def _changed(row: SipRow) -> list[object]:
    """All columns but when it was made."""
    *values, _, updated_ms = SIP.write(row)
    return [*values, updated_ms]

"""Verify's configuration in SQLite."""

from collections.abc import Sequence

from ringfence.ports.store import SidTakenError
from ringfence.ports.verify_config import VerifyFullError, VerifyKind, VerifyNameTakenError, VerifyRow
from ringfence.store.columns import VERIFY
from ringfence.store.paging import place_after
from ringfence.store.sqlite_ground import SqliteGround
from ringfence.store.sqlite_session import SqliteWriter
from ringfence.store.statements import statements

SQL = statements("sqlite/verify_config")

Key = tuple[str, str, str, str]

FEW: frozenset[VerifyKind] = frozenset({"messaging_configuration"})
"""Of these there are so few names, those of countries, that it is kept too that none is there."""


class SqliteVerifyConfig(SqliteGround):
    """`ports.verify_config.VerifyConfigStore`."""

    async def create_verify(self, row: VerifyRow, limit: int) -> bool:
        return await self._write(_create, (row, limit))

    async def verify_row(self, account: str, kind: VerifyKind, sid: str, *, parent: str = "") -> VerifyRow | None:
        return self._known(SQL["row"], VERIFY, account, kind, parent, sid)

    async def verify_named(self, account: str, kind: VerifyKind, name: str, *, parent: str = "") -> VerifyRow | None:
        return self._known(SQL["named"], VERIFY, account, kind, parent, name, absent_too=kind in FEW)

    async def verify_rows(
        self, account: str, kind: VerifyKind, *, parent: str = "", before: str | None = None, limit: int = 50
    ) -> list[VerifyRow]:
        known = None if before is None else self._one(SQL["place"], (account, kind, parent, before))
        place = place_after(before, known and known[0])
        return [VERIFY.read(row) for row in self._all(SQL["list"], (account, kind, parent, *place, limit))]

    async def update_verify(self, row: VerifyRow) -> bool:
        return await self._write(_update, row)

    async def delete_verify(self, account: str, kind: VerifyKind, sid: str, *, parent: str = "") -> bool:
        return await self._write(_delete, (account, kind, parent, sid))


def _create(tx: SqliteWriter, wanted: Sequence[tuple[VerifyRow, int]]) -> list[bool | Exception]:
    return [_create_one(tx, row, limit) for row, limit in wanted]


def _create_one(tx: SqliteWriter, row: VerifyRow, limit: int) -> bool | Exception:
    if row.parent and tx.run(SQL["holder"], (row.account, row.parent)).fetchone() is None:
        return False
    if tx.run(SQL["row"], (row.account, row.kind, row.parent, row.sid)).fetchone() is not None:
        return SidTakenError()
    if _is_taken(tx, row):
        return VerifyNameTakenError()
    if tx.run(SQL["size"], (row.account, row.kind, row.parent)).fetchone()[0] >= limit:
        return VerifyFullError()
    tx.run(SQL["insert"], VERIFY.write(row))
    return True


def _update(tx: SqliteWriter, rows: Sequence[VerifyRow]) -> list[bool | Exception]:
    tx.erased = True
    return [
        VerifyNameTakenError() if _is_taken(tx, row) else tx.run(SQL["update"], changed_columns(row)).rowcount > 0
        for row in rows
    ]


def _delete(tx: SqliteWriter, keys: Sequence[Key]) -> list[bool]:
    tx.erased = True
    return [_delete_one(tx, *key) for key in keys]


def _delete_one(tx: SqliteWriter, account: str, kind: str, parent: str, sid: str) -> bool:
    if not tx.run(SQL["delete"], (account, kind, parent, sid)).rowcount:
        return False
    tx.run(SQL["delete_below"], (account, sid))
    return True


def _is_taken(tx: SqliteWriter, row: VerifyRow) -> bool:
    return tx.run(SQL["taken"], (row.account, row.kind, row.parent, row.name, row.sid)).fetchone() is not None


def changed_columns(row: VerifyRow) -> list[object]:
    """All columns but when it was made."""
    *values, _, updated_ms = VERIFY.write(row)
    return [*values, updated_ms]

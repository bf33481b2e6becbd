"""Applications in SQLite."""

import sqlite3
from collections.abc import Sequence

from ringfence.ports.applications import ApplicationRow
from ringfence.ports.store import SidTakenError
from ringfence.store.columns import APPLICATION
from ringfence.store.paging import place_after
from ringfence.store.sqlite_ground import SqliteGround
from ringfence.store.sqlite_session import SqliteWriter
from ringfence.store.statements import statements

SQL = statements("sqlite/applications")


class SqliteApplications(SqliteGround):
    """`ports.applications.ApplicationStore`."""

    async def create_application(self, row: ApplicationRow) -> None:
        await self._write(_create, row)

    async def application(self, account: str, sid: str) -> ApplicationRow | None:
        row = self._one(SQL["application"], (account, sid))
        return None if row is None else APPLICATION.read(row)

    async def applications(
        self, account: str, *, friendly_name: str | None = None, before: str | None = None, limit: int = 50
    ) -> list[ApplicationRow]:
        known = None if before is None else self._one(SQL["place"], (account, before))
        place = place_after(before, known and known[0])
        return [APPLICATION.read(row) for row in self._all(SQL["list"], (account, *place, friendly_name, limit))]

    async def update_application(self, row: ApplicationRow) -> bool:
        return await self._write(_update, row)

    async def delete_application(self, account: str, sid: str) -> bool:
        return await self._write(_delete, (account, sid))


def _create(tx: SqliteWriter, rows: Sequence[ApplicationRow]) -> list[Exception | None]:
    ends: list[Exception | None] = []
    for row in rows:
        try:
            tx.run(SQL["insert"], APPLICATION.write(row))
            ends.append(None)
        except sqlite3.IntegrityError:
            ends.append(SidTakenError())
    return ends


def _update(tx: SqliteWriter, rows: Sequence[ApplicationRow]) -> list[bool]:
    tx.erased = True
    return [
        tx.run(SQL["update"], (row.account, row.sid, row.friendly_name, row.standing, row.updated_ms)).rowcount > 0
        for row in rows
    ]


def _delete(tx: SqliteWriter, keys: Sequence[tuple[str, str]]) -> list[bool]:
    tx.erased = True
    return [tx.run(SQL["delete"], key).rowcount > 0 for key in keys]

"""Applications in PostgreSQL."""

from collections.abc import Sequence

from ringfence.ports.applications import ApplicationRow
from ringfence.ports.store import SidTakenError
from ringfence.store.columns import APPLICATION
from ringfence.store.paging import place_after
from ringfence.store.postgres_committer import Connection
from ringfence.store.postgres_ground import PostgresGround, count
from ringfence.store.statements import statements

SQL = statements("postgres/applications")


class PostgresApplications(PostgresGround):
    """`ports.applications.ApplicationStore`."""

    async def create_application(self, row: ApplicationRow) -> None:
        await self._write(_create, row)

    async def application(self, account: str, sid: str) -> ApplicationRow | None:
        row = await self._one(SQL["application"], account, sid)
        return None if row is None else APPLICATION.read(row)

    async def applications(
        self, account: str, *, friendly_name: str | None = None, before: str | None = None, limit: int = 50
    ) -> list[ApplicationRow]:
        place = place_after(before, await self._made_ms(SQL["place"], account, before))
        return [APPLICATION.read(row) for row in await self._all(SQL["list"], account, *place, friendly_name, limit)]

    async def update_application(self, row: ApplicationRow) -> bool:
        return await self._write(_update, row)

    async def delete_application(self, account: str, sid: str) -> bool:
        return await self._write(_delete, (account, sid))


async def _create(tx: Connection, rows: Sequence[ApplicationRow]) -> list[Exception | None]:
    return [
        None if count(await tx.execute(SQL["insert"], *APPLICATION.write(row))) else SidTakenError() for row in rows
    ]


async def _update(tx: Connection, rows: Sequence[ApplicationRow]) -> list[bool]:
    return [
        count(await tx.execute(SQL["update"], row.account, row.sid, row.friendly_name, row.standing, row.updated_ms))
        > 0
        for row in rows
    ]


async def _delete(tx: Connection, keys: Sequence[tuple[str, str]]) -> list[bool]:
    return [count(await tx.execute(SQL["delete"], *key)) > 0 for key in keys]

"""Addresses for notices, and what was told there, in PostgreSQL."""

from collections.abc import Sequence

from ringfence.ports.notices import NoticeAddress, NoticeRow
from ringfence.store.columns import NOTICE, NOTICE_ADDRESS
from ringfence.store.memory_notices import event_of
from ringfence.store.postgres_committer import Connection
from ringfence.store.postgres_ground import PostgresGround, columns, count
from ringfence.store.postgres_outbox import append_events
from ringfence.store.statements import statements

SQL = statements("postgres/notices")


class PostgresNotices(PostgresGround):
    """`ports.notices.NoticeStore`."""

    async def keep_notice_address(self, row: NoticeAddress) -> None:
        await self._write(_keep_address, row)

    async def drop_notice_address(self, account: str) -> bool:
        return await self._write(_drop_address, account)

    async def notice_addresses(self, accounts: Sequence[str]) -> list[NoticeAddress | None]:
        rows = [NOTICE_ADDRESS.read(row) for row in await self._all(SQL["addresses"], list(accounts))]
        found = {row.account: row for row in rows}
        return [found.get(account) for account in accounts]

    async def addressed_accounts(self, *, after: str, limit: int) -> list[str]:
        return [row["account"] for row in await self._all(SQL["addressed"], after, limit)]

    async def add_notices(self, rows: Sequence[NoticeRow]) -> int:
        return await self._write(_add, rows) if rows else 0

    async def notices_of(self, keys: Sequence[tuple[str, str]]) -> list[NoticeRow | None]:
        rows = [NOTICE.read(row) for row in await self._all(SQL["notices_of"], *columns(keys))] if keys else []
        found = {(row.account, row.sid): row for row in rows}
        return [found.get(key) for key in keys]


async def _keep_address(tx: Connection, rows: Sequence[NoticeAddress]) -> list[None]:
    for row in rows:
        await tx.execute(SQL["keep_address"], *NOTICE_ADDRESS.write(row))
    return [None] * len(rows)


async def _drop_address(tx: Connection, accounts: Sequence[str]) -> list[bool]:
    return [count(await tx.execute(SQL["drop_address"], account)) > 0 for account in accounts]


async def _add(tx: Connection, requests: Sequence[Sequence[NoticeRow]]) -> list[int]:
    return [await _add_some(tx, rows) for rows in requests]


async def _add_some(tx: Connection, rows: Sequence[NoticeRow]) -> int:
    new = [row for row in rows if count(await tx.execute(SQL["insert"], *NOTICE.write(row)))]
    await append_events(tx, [(row.account, row.sid, event_of(row)) for row in new])
    return len(new)

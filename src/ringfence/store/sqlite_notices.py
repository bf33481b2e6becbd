"""Addresses for notices, and what was told there, in SQLite."""

from collections.abc import Sequence

from ringfence.ports.notices import NoticeAddress, NoticeRow
from ringfence.store.columns import NOTICE, NOTICE_ADDRESS
from ringfence.store.json_rows import json_rows
from ringfence.store.memory_notices import event_of
from ringfence.store.sqlite_ground import SqliteGround
from ringfence.store.sqlite_outbox import append_events
from ringfence.store.sqlite_session import SqliteWriter
from ringfence.store.statements import statements

SQL = statements("sqlite/notices")


class SqliteNotices(SqliteGround):
    """`ports.notices.NoticeStore`."""

    async def keep_notice_address(self, row: NoticeAddress) -> None:
        await self._write(_keep_address, row)

    async def drop_notice_address(self, account: str) -> bool:
        return await self._write(_drop_address, account)

    async def notice_addresses(self, accounts: Sequence[str]) -> list[NoticeAddress | None]:
        rows = [NOTICE_ADDRESS.read(row) for row in self._all(SQL["addresses"], (json_rows(accounts),))]
        found = {row.account: row for row in rows}
        return [found.get(account) for account in accounts]

    async def addressed_accounts(self, *, after: str, limit: int) -> list[str]:
        return [account for (account,) in self._all(SQL["addressed"], (after, limit))]

    async def add_notices(self, rows: Sequence[NoticeRow]) -> int:
        return await self._write(_add, rows) if rows else 0

    async def notices_of(self, keys: Sequence[tuple[str, str]]) -> list[NoticeRow | None]:
        rows = [NOTICE.read(row) for row in self._all(SQL["notices_of"], (json_rows(keys),))]
        found = {(row.account, row.sid): row for row in rows}
        return [found.get(key) for key in keys]


def _keep_address(tx: SqliteWriter, rows: Sequence[NoticeAddress]) -> list[None]:
    for row in rows:
        tx.run(SQL["keep_address"], NOTICE_ADDRESS.write(row))
    return [None] * len(rows)


def _drop_address(tx: SqliteWriter, accounts: Sequence[str]) -> list[bool]:
    return [tx.run(SQL["drop_address"], (account,)).rowcount > 0 for account in accounts]


def _add(tx: SqliteWriter, requests: Sequence[Sequence[NoticeRow]]) -> list[int]:
    return [_add_some(tx, rows) for rows in requests]


def _add_some(tx: SqliteWriter, rows: Sequence[NoticeRow]) -> int:
    new = [row for row in rows if tx.run(SQL["insert"], NOTICE.write(row)).rowcount]
    append_events(tx, ((row.account, row.sid, event_of(row)) for row in new))
    return len(new)

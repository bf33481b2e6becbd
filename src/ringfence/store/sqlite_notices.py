"""Addresses for notices, and what was told there, in SQLite."""

from collections.abc import Sequence

from ringfence.ports.access_changes import OvertakenError
from ringfence.ports.notices import NoticeAddress, NoticeRow
from ringfence.store.access_fences import NOTICE_ADDRESS as FIELD
from ringfence.store.columns import NOTICE, NOTICE_ADDRESS
from ringfence.store.json_rows import json_rows
from ringfence.store.memory_notices import event_of
from ringfence.store.sqlite_access_fences import pass_fences
from ringfence.store.sqlite_ground import SqliteGround
from ringfence.store.sqlite_outbox import append_events
from ringfence.store.sqlite_session import SqliteWriter
from ringfence.store.statements import statements

SQL = statements("sqlite/notices")

Numbered = tuple[NoticeAddress, int | None]
Dropping = tuple[str, int, int | None]


class SqliteNotices(SqliteGround):
    """`ports.notices.NoticeStore`."""

    async def keep_notice_address(self, row: NoticeAddress, *, number: int | None = None) -> None:
        await self._write(_keep_address, (row, number))

    async def drop_notice_address(self, account: str, *, at_ms: int, number: int | None = None) -> bool:
        return await self._write(_drop_address, (account, at_ms, number))

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


def _keep_address(tx: SqliteWriter, requests: Sequence[Numbered]) -> list[Exception | None]:
    return [_keep_one(tx, *each) for each in requests]


def _keep_one(tx: SqliteWriter, row: NoticeAddress, number: int | None) -> Exception | None:
    try:
        if pass_fences(tx, row.account, "", [FIELD], number, row.updated_ms):
            tx.run(SQL["keep_address"], NOTICE_ADDRESS.write(row))
    except OvertakenError as newer:
        return newer
    return None


def _drop_address(tx: SqliteWriter, requests: Sequence[Dropping]) -> list[bool | Exception]:
    return [_drop_one(tx, *each) for each in requests]


def _drop_one(tx: SqliteWriter, account: str, at_ms: int, number: int | None) -> bool | Exception:
    try:
        passed = pass_fences(tx, account, "", [FIELD], number, at_ms)
    except OvertakenError as newer:
        return newer
    return bool(passed) and tx.run(SQL["drop_address"], (account,)).rowcount > 0


def _add(tx: SqliteWriter, requests: Sequence[Sequence[NoticeRow]]) -> list[int]:
    return [_add_some(tx, rows) for rows in requests]


def _add_some(tx: SqliteWriter, rows: Sequence[NoticeRow]) -> int:
    new = [row for row in rows if tx.run(SQL["insert"], NOTICE.write(row)).rowcount]
    append_events(tx, ((row.account, row.sid, event_of(row)) for row in new))
    return len(new)

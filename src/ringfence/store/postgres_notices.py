"""Addresses for notices, and what was told there, in PostgreSQL."""

from collections.abc import Sequence

from ringfence.ports.access_changes import OvertakenError
from ringfence.ports.notices import NoticeAddress, NoticeRow
from ringfence.store.access_fences import NOTICE_ADDRESS as FIELD
from ringfence.store.columns import NOTICE, NOTICE_ADDRESS
from ringfence.store.memory_notices import event_of
from ringfence.store.postgres_access_fences import pass_fences
from ringfence.store.postgres_committer import Connection
from ringfence.store.postgres_ground import PostgresGround, columns, count
from ringfence.store.postgres_outbox import append_events
from ringfence.store.statements import statements

SQL = statements("postgres/notices")

Numbered = tuple[NoticeAddress, int | None]
Dropping = tuple[str, int, int | None]


class PostgresNotices(PostgresGround):
    """`ports.notices.NoticeStore`."""

    async def keep_notice_address(self, row: NoticeAddress, *, number: int | None = None) -> None:
        await self._write(_keep_address, (row, number))

    async def drop_notice_address(self, account: str, *, at_ms: int, number: int | None = None) -> bool:
        return await self._write(_drop_address, (account, at_ms, number))

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


async def _keep_address(tx: Connection, requests: Sequence[Numbered]) -> list[Exception | None]:
    return [await _keep_one(tx, *each) for each in requests]


async def _keep_one(tx: Connection, row: NoticeAddress, number: int | None) -> Exception | None:
    try:
        if await pass_fences(tx, row.account, "", [FIELD], number, row.updated_ms):
            await tx.execute(SQL["keep_address"], *NOTICE_ADDRESS.write(row))
    except OvertakenError as newer:
        return newer
    return None


async def _drop_address(tx: Connection, requests: Sequence[Dropping]) -> list[bool | Exception]:
    return [await _drop_one(tx, *each) for each in requests]


async def _drop_one(tx: Connection, account: str, at_ms: int, number: int | None) -> bool | Exception:
    try:
        passed = await pass_fences(tx, account, "", [FIELD], number, at_ms)
    except OvertakenError as newer:
        return newer
    return bool(passed) and count(await tx.execute(SQL["drop_address"], account)) > 0


async def _add(tx: Connection, requests: Sequence[Sequence[NoticeRow]]) -> list[int]:
    return [await _add_some(tx, rows) for rows in requests]


async def _add_some(tx: Connection, rows: Sequence[NoticeRow]) -> int:
    new = [row for row in rows if count(await tx.execute(SQL["insert"], *NOTICE.write(row)))]
    await append_events(tx, [(row.account, row.sid, event_of(row)) for row in new])
    return len(new)

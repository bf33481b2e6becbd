"""What an account's members are told of: what two of staff did to their account."""

import sqlite3
from collections.abc import Sequence
from typing import Final

import msgspec

from ringfence.console.storage import ConsoleStorage

SHOWN_MS: Final = 30 * 86_400_000


class ActNotice(msgspec.Struct, frozen=True, kw_only=True):
    """`act` was done by two of staff, by their IDs. `at_ms` is Unix time."""

    account: str
    act: str
    value: str
    reason: str
    asked_by: str
    confirmed_by: str
    at_ms: int


class ActNotices:
    """Shown for 30 days, kept for good."""

    def __init__(self, storage: ConsoleStorage) -> None:
        self._storage = storage

    async def tell(self, notice: ActNotice) -> None:
        """Keep one."""
        row = msgspec.structs.astuple(notice)
        await self._storage.run(
            lambda db: db.execute("INSERT INTO act_notice VALUES (?, ?, ?, ?, ?, ?, ?)", row) and None
        )

    async def of(self, account: str, now_ms: int) -> Sequence[ActNotice]:
        """Those of the last 30 days, the latest first."""

        def work(db: sqlite3.Connection) -> list[ActNotice]:
            rows = db.execute(
                "SELECT account, act, value, reason, asked_by, confirmed_by, at_ms FROM act_notice"
                " WHERE account = ? AND at_ms > ? ORDER BY at_ms DESC",
                (account, now_ms - SHOWN_MS),
            ).fetchall()
            return [ActNotice(**dict(zip(ActNotice.__struct_fields__, row, strict=True))) for row in rows]

        return await self._storage.run(work)

"""Addresses for notices, and what was told there, in memory."""

from collections.abc import Sequence

from ringfence.ports.notices import NoticeAddress, NoticeRow
from ringfence.ports.outbox import NewEvent
from ringfence.store.access_fences import NOTICE_ADDRESS as FIELD
from ringfence.store.memory_access_fences import MemoryAccessFences


class MemoryNotices(MemoryAccessFences):
    """`ports.notices.NoticeStore` over dictionaries."""

    def __init__(self) -> None:
        MemoryAccessFences.__init__(self)
        self._notice_addresses: dict[str, NoticeAddress] = {}
        self._notices: dict[tuple[str, str], NoticeRow] = {}

    async def keep_notice_address(self, row: NoticeAddress, *, number: int | None = None) -> None:
        if self._pass(row.account, "", [FIELD], number, row.updated_ms):
            self._notice_addresses[row.account] = row

    async def drop_notice_address(self, account: str, *, at_ms: int, number: int | None = None) -> bool:
        passed = self._pass(account, "", [FIELD], number, at_ms)
        return bool(passed) and self._notice_addresses.pop(account, None) is not None

    async def notice_addresses(self, accounts: Sequence[str]) -> list[NoticeAddress | None]:
        return [self._notice_addresses.get(account) for account in accounts]

    async def addressed_accounts(self, *, after: str, limit: int) -> list[str]:
        return sorted(account for account in self._notice_addresses if account > after)[:limit]

    async def add_notices(self, rows: Sequence[NoticeRow]) -> int:
        known = len(self._notices)
        for row in rows:
            if (row.account, row.sid) not in self._notices:
                self._notices[row.account, row.sid] = row
                self._append_event(row.account, row.sid, event_of(row))
        return len(self._notices) - known

    async def notices_of(self, keys: Sequence[tuple[str, str]]) -> list[NoticeRow | None]:
        return [self._notices.get(key) for key in keys]

    def _append_event(self, account: str, message_sid: str, event: NewEvent) -> None:
        """To the outbox: `MemoryOutbox` knows."""
        raise LookupError("no outbox here")


def event_of(row: NoticeRow) -> NewEvent:
    """The one outbox entry of a notice."""
    return NewEvent(kind=row.kind, sequence=0, at_ms=row.at_ms)

"""Where accounts are told what their operator must tell them, and what they were told. Part of the store.

A notice holds no content: what was opened of an account by whom and when, as its console says it too, what was frozen
of it, or which duty to retain metadata was declared.
"""

from collections.abc import Sequence
from typing import Final, Literal, Protocol

import msgspec

NoticeKind = Literal["notice.blast", "notice.freeze", "notice.thaw", "notice.duty"]
NOTICE_PREFIX: Final = "notice."


class NoticeAddress(msgspec.Struct, frozen=True, kw_only=True):
    """An account's own address for notices: its URL, sealed as standing configuration."""

    account: str
    standing: bytes
    updated_ms: int

    def __repr__(self) -> str:
        return f"NoticeAddress({self.account})"


class NoticeRow(msgspec.Struct, frozen=True, kw_only=True):
    """Something that an account is told. `sid` (NO…) is what its outbox entry is of.

    `said` are the fields that say it, as JSON: names and values are text.
    """

    account: str
    sid: str
    kind: NoticeKind
    said: str
    at_ms: int

    def __repr__(self) -> str:
        return f"NoticeRow({self.sid}, {self.kind})"


class NoticeStore(Protocol):
    """Addresses of accounts, one each, and notices, which are kept."""

    async def keep_notice_address(self, row: NoticeAddress, *, number: int | None = None) -> None:
        """In the place of the one there was.

        With a `number` of the key service's (`domain.access_fence`) a no-op where one was kept or dropped by it, and
        OvertakenError where one was since; without one, it is as new as `updated_ms`.
        """

    async def drop_notice_address(self, account: str, *, at_ms: int, number: int | None = None) -> bool:
        """False where there was none. `number` and `at_ms` as `keep_notice_address` has them."""

    async def notice_addresses(self, accounts: Sequence[str]) -> list[NoticeAddress | None]:
        """One answer each, in order."""

    async def addressed_accounts(self, *, after: str, limit: int) -> list[str]:
        """Accounts that have an address, by SID, those after that one."""

    async def add_notices(self, rows: Sequence[NoticeRow]) -> int:
        """Write those that are new, each with its outbox entry, in one transaction: how many. Others stay."""

    async def notices_of(self, keys: Sequence[tuple[str, str]]) -> list[NoticeRow | None]:
        """One answer for each (account, sid), in order."""

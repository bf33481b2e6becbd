"""Freezes, in memory, beside the accounts that they suspend."""

from collections.abc import Sequence

from msgspec.structs import replace

from ringfence.ports.freezes import ENDED_AT_ONCE, EndedFreeze, FreezeKind, FreezeRow, is_frozen
from ringfence.ports.store import AccountRow
from ringfence.store.memory_accounts import MemoryAccounts


class MemoryFreezes(MemoryAccounts):
    """`ports.freezes.FreezeStore` over a dictionary."""

    def __init__(self) -> None:
        super().__init__()
        self._freezes: dict[tuple[FreezeKind, str], FreezeRow] = {}
        self._ended: dict[tuple[FreezeKind, str, int], EndedFreeze] = {}

    async def put_freeze(self, row: FreezeRow) -> bool:
        account = self._accounts.get(row.name) if row.kind == "account" else None
        new = (row.kind, row.name) not in self._freezes
        self._freezes.setdefault((row.kind, row.name), replace(row, was="" if account is None else account.status))
        if account is not None and account.status != "closed":
            self._change(account, "suspended", row.at_ms)
        return new

    async def delete_freeze(self, kind: FreezeKind, name: str, at_ms: int | None = None, *, now_ms: int = 0) -> bool:
        found = self._freezes.get((kind, name))
        if found is None or at_ms not in (None, found.at_ms):
            return False
        del self._freezes[kind, name]
        if kind != "carrier":
            ended = EndedFreeze(kind=kind, name=name, at_ms=found.at_ms, ended_ms=now_ms)
            self._ended.setdefault((kind, name, found.at_ms), ended)
        account = self._accounts.get(name) if kind == "account" else None
        if account is not None and account.status != "closed" and found.was:
            self._change(account, found.was, now_ms)
        return True

    async def freezes(self) -> Sequence[FreezeRow]:
        return [row for _, row in sorted(self._freezes.items())]

    async def ended_freezes(self, *, limit: int = ENDED_AT_ONCE) -> Sequence[EndedFreeze]:
        return sorted(self._ended.values(), key=lambda row: (row.ended_ms, row.kind, row.name, row.at_ms))[:limit]

    async def forget_ended(self, rows: Sequence[EndedFreeze]) -> None:
        for row in rows:
            self._ended.pop((row.kind, row.name, row.at_ms), None)

    async def update_account(self, row: AccountRow, *, was: str) -> bool:
        return await self._may_be(row.sid, row.status, was) and await super().update_account(row, was=was)

    async def set_account_status(self, sid: str, status: str, *, was: str, at_ms: int) -> bool:
        account = self._accounts.get(sid)
        if account is None or account.status != was or not await self._may_be(sid, status, was):
            return False
        self._change(account, status, at_ms)
        return True

    async def _may_be(self, sid: str, status: str, was: str) -> bool:
        return not (status == "active" != was and is_frozen(await self.freezes(), "account", sid))

    def _change(self, account: AccountRow, status: str, at_ms: int) -> None:
        changed_ms = max(at_ms, account.updated_ms + 1)
        self._accounts[account.sid] = replace(account, status=status, updated_ms=changed_ms)

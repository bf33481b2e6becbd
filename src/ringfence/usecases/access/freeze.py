"""Stop an account, a key or everything for now, and let it go on again. Nothing is lost meanwhile.

A frozen account is suspended; its texts and webhooks wait, its calls end, and so it is with its subaccounts. A key that
is frozen signs nobody in; of a carrier that is what was for it waits. Everything frozen is both for everybody.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from ringfence.domain.clock import Clock
from ringfence.domain.errors import ApiError
from ringfence.ports.freezes import PLATFORM, FreezeKind, FreezeRow, FreezeStore
from ringfence.ports.store import AccountRow, AccountStore

SUSPENDED = "suspended"
PAGE = 1_000


class FreezableStore(AccountStore, FreezeStore, Protocol):
    """What is frozen, and what that means to accounts."""


class ThawStore(Protocol):
    """What of `FreezableStore` letting go on needs, and no more."""

    async def account(self, sid: str) -> AccountRow | None: ...

    async def update_account(self, row: AccountRow, *, was: str) -> bool: ...

    async def freezes(self) -> Sequence[FreezeRow]: ...

    async def delete_freeze(self, kind: FreezeKind, name: str, at_ms: int | None = None) -> bool: ...


async def freeze(store: FreezableStore, clock: Clock, kind: FreezeKind, name: str) -> bool:
    """False where it was frozen before. ApiError 20404 for an account or key that there is not, 21479 for a closed one.

    The freeze is written first, so that texts wait before the account is suspended, for which they would fail.
    """
    was = await _status(store, kind, name)
    if was == "closed":
        raise ApiError(21479)
    new = await store.put_freeze(FreezeRow(kind=kind, name=name, was=was, at_ms=clock.now_ms()))
    if kind == "account":
        await _set_status(store, clock, name, SUSPENDED)
    return new


async def freeze_key(store: FreezeStore, clock: Clock, sid: str) -> bool:
    """As `freeze`, of a key that there is: for whoever sees that by other means than its credential."""
    return await store.put_freeze(FreezeRow(kind="key", name=sid, at_ms=clock.now_ms()))


async def thaw(store: ThawStore, clock: Clock, kind: FreezeKind, name: str, *, since_ms: int | None = None) -> bool:
    """False where it was not frozen, or not `since_ms`. An account is what it was before; one that was closed meanwhile
    stays closed.

    What is frozen anew at the same moment stays frozen.
    """
    found = await _freeze_of(store, kind, name)
    if found is None or since_ms not in (None, found.at_ms):
        return False
    if kind == "account":
        await _set_status(store, clock, name, found.was)
    ended = await store.delete_freeze(kind, name, found.at_ms)
    if kind == "account" and not ended and await _freeze_of(store, kind, name) is not None:
        await _set_status(store, clock, name, SUSPENDED)
    return ended


async def frozen_with(store: AccountStore, account: str) -> list[str]:
    """Whom a freeze of an account stops: itself, and its subaccounts."""
    found, before = [account], None
    while page := await store.accounts(account, before=before, limit=PAGE):
        found += [row.sid for row in page if row.parent == account]
        before = page[-1].sid
    return found


async def _status(store: FreezableStore, kind: FreezeKind, name: str) -> str:
    if kind == "account":
        account = await store.account(name)
        if account is None:
            raise ApiError(20404)
        return account.status
    if kind == "key" and await store.credential(name) is None:
        raise ApiError(20404)
    if kind == PLATFORM and name != PLATFORM:
        raise ApiError(20404)
    return ""


async def _freeze_of(store: ThawStore, kind: FreezeKind, name: str) -> FreezeRow | None:
    return next((row for row in await store.freezes() if (row.kind, row.name) == (kind, name)), None)


async def _set_status(store: ThawStore, clock: Clock, sid: str, status: str) -> None:
    while True:
        account = await store.account(sid)
        if account is None or account.status in (status, "closed"):
            return
        changed = msgspec.structs.replace(account, status=status, updated_ms=clock.now_ms())
        if await store.update_account(changed, was=account.status):
            return

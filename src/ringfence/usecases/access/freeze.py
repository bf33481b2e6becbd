"""Stop an account, a key or everything for now, and let it go on again. Nothing is lost meanwhile.

A frozen account is suspended; its texts and webhooks wait, its calls end, and so it is with its subaccounts. A key that
is frozen signs nobody in; of a carrier that is what was for it waits. Everything frozen is both for everybody.
"""

from typing import Protocol

from ringfence.domain.clock import Clock
from ringfence.domain.errors import ApiError
from ringfence.ports.freezes import PLATFORM, FreezeKind, FreezeRow, FreezeStore
from ringfence.ports.store import AccountStore

PAGE = 1_000


class FreezableStore(AccountStore, FreezeStore, Protocol):
    """What is frozen, and what that means to accounts."""


async def freeze(store: FreezableStore, clock: Clock, kind: FreezeKind, name: str) -> bool:
    """False where it was frozen before. ApiError as `check_there_is`."""
    await check_there_is(store, kind, name)
    return await store.put_freeze(FreezeRow(kind=kind, name=name, at_ms=clock.now_ms()))


async def check_there_is(store: FreezableStore, kind: FreezeKind, name: str) -> None:
    """ApiError 20404 for an account or key that there is not, 21479 for an account that is closed."""
    if kind == "account":
        account = await store.account(name)
        if account is None:
            raise ApiError(20404)
        if account.status == "closed":
            raise ApiError(21479)
    elif (kind == "key" and await store.credential(name) is None) or (kind == PLATFORM and name != PLATFORM):
        raise ApiError(20404)


async def freeze_key(store: FreezeStore, clock: Clock, sid: str) -> bool:
    """As `freeze`, of a key that there is: for whoever sees that by other means than its credential."""
    return await store.put_freeze(FreezeRow(kind="key", name=sid, at_ms=clock.now_ms()))


async def thaw(store: FreezeStore, clock: Clock, kind: FreezeKind, name: str, *, since_ms: int | None = None) -> bool:
    """False where it was not frozen, or not `since_ms`: what was frozen anew since then is another freeze.

    An account is what it was before; one that was closed meanwhile stays closed.
    """
    return await store.delete_freeze(kind, name, since_ms, now_ms=clock.now_ms())


async def frozen_with(store: AccountStore, account: str) -> list[str]:
    """Whom a freeze of an account stops: itself, and its subaccounts."""
    found, before = [account], None
    while page := await store.accounts(account, before=before, limit=PAGE):
        found += [row.sid for row in page if row.parent == account]
        before = page[-1].sid
    return found

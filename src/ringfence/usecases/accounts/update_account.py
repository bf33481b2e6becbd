"""Rename, suspend, reopen or close an account."""

from typing import Protocol

import msgspec

from ringfence.domain.clock import Clock
from ringfence.domain.errors import ApiError
from ringfence.ports.freezes import FreezeStore, is_frozen
from ringfence.ports.store import AccountRow, AccountStore
from ringfence.usecases.accounts.release_number import release_number

_PAGE = 100


class Accounts(AccountStore, FreezeStore, Protocol):
    """Accounts, and which of them an operator has frozen."""


async def update_account(
    store: Accounts,
    clock: Clock,
    account: AccountRow,
    *,
    friendly_name: str | None = None,
    status: str | None = None,
) -> AccountRow:
    """The account as it is now. Closing gives its numbers up and is for good: ApiError 21479 for a way back.

    ApiError 20006 for one that an operator has frozen: only an operator thaws it.
    A change that another one of the status overtakes is made again on what that one left: a subaccount that renames
    itself while its parent suspends it stays suspended.
    """
    while True:
        if account.status == "closed" and status not in (None, "closed"):
            raise ApiError(21479)
        if status == "active" and is_frozen(await store.freezes(), "account", account.sid):
            raise ApiError(20006)
        changed = msgspec.structs.replace(
            account,
            friendly_name=account.friendly_name if friendly_name is None else friendly_name,
            status=status or account.status,
            # After the change that it is known by: two within one millisecond are two.
            updated_ms=max(clock.now_ms(), account.updated_ms + 1),
        )
        if await store.update_account(changed, was=account.status):
            break
        found = await store.account(account.sid)
        if found is None:
            raise ApiError(20404)
        account = found
    await _give_numbers_up(store, clock, changed.sid, changed.status)
    return changed


async def set_status(store: Accounts, clock: Clock, sid: str, status: str, *, was: str) -> bool:
    """Give it that status; False where it has another than `was` by now, or is frozen and should be active.

    What else of the account changes meanwhile, its name say, does not hinder it.
    """
    if not await store.set_account_status(sid, status, was=was, at_ms=clock.now_ms()):
        return False
    await _give_numbers_up(store, clock, sid, status)
    return True


async def _give_numbers_up(store: Accounts, clock: Clock, account: str, status: str) -> None:
    while status == "closed" and (numbers := await store.numbers(account, limit=_PAGE)):
        for number in numbers:
            await release_number(store, clock, account=account, sid=number.sid)

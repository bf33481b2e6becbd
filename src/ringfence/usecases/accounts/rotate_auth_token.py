"""Replace an account's Auth Token: the new one opens what the old one opened, and the old one nothing more."""

from ringfence.domain.clock import Clock
from ringfence.ports.keys import Caller, TenantKeys
from ringfence.ports.store import AccountRow, AccountStore
from ringfence.usecases.accounts.create_account import NewAccount
from ringfence.usecases.accounts.credential import AUTH_TOKEN, credential_of, credential_row, new_auth_token


async def rotate_auth_token(
    store: AccountStore, keys: TenantKeys, clock: Clock, *, caller: Caller, account: AccountRow
) -> NewAccount:
    """The account with its new token. KeyRefusedError when `caller` opens nothing of it.

    The key service replaces the slot of the same name in one step; the verifier follows in another.
    """
    now_ms = clock.now_ms()
    credential = credential_of(account.sid, new_auth_token())
    row = await credential_row(
        keys, credential, account=account.sid, kind=AUTH_TOKEN, created_ms=account.created_ms, updated_ms=now_ms
    )
    await keys.add_slot(caller, account.sid, credential.slot)
    await store.put_credential(row)
    return NewAccount(row=account, auth_token=credential.secret)

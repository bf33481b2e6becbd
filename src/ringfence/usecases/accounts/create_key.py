"""Make an API key: a slot of its own on the account's content key, then the right to sign in."""

import msgspec

from ringfence.domain.clock import Clock
from ringfence.domain.key_policy import KeyPolicy
from ringfence.domain.sid import new_sid
from ringfence.ports.keys import Caller, TenantKeys
from ringfence.ports.store import AccountStore, CredentialRow
from ringfence.usecases.accounts.credential import API_KEY, credential_of, credential_row, new_api_secret


class NewKey(msgspec.Struct, frozen=True, kw_only=True):
    """A new API key and its secret, which is told here and never again."""

    row: CredentialRow
    secret: str

    @property
    def sid(self) -> str:
        return self.row.sid

    def __repr__(self) -> str:
        return f"NewKey({self.sid})"


async def create_key(
    store: AccountStore,
    keys: TenantKeys,
    clock: Clock,
    *,
    caller: Caller,
    account: str,
    friendly_name: str = "",
    policy: KeyPolicy | None = None,
) -> NewKey:
    """A key that opens what `caller` opens of `account`. KeyRefusedError when that is nothing.

    One with a `policy` that reads nothing opens nothing: it may have what it makes sealed, and no more.
    """
    now_ms = clock.now_ms()
    credential = credential_of(new_sid("SK", now_ms), new_api_secret())
    if policy is None or policy.opens:
        await keys.add_slot(caller, account, credential.slot)
    else:
        await keys.add_sealer(caller, account, credential.slot)
    row = await credential_row(
        keys,
        credential,
        account=account,
        kind=API_KEY,
        friendly_name=friendly_name,
        created_ms=now_ms,
        updated_ms=now_ms,
        policy="" if policy is None else " ".join(policy.allow),
    )
    await store.put_credential(row)
    return NewKey(row=row, secret=credential.secret)

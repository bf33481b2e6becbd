"""An account's second Auth Token: both sign in while programs are changed over, then it takes the first one's place."""

import msgspec

from ringfence.domain.clock import Clock
from ringfence.domain.errors import ApiError
from ringfence.domain.standing import hmac_states_record
from ringfence.ports.keys import Caller, TenantKeys
from ringfence.ports.store import AccountStore
from ringfence.usecases.accounts.credential import (
    AUTH_TOKEN,
    SECONDARY_TOKEN,
    credential_of,
    credential_row,
    new_auth_token,
    secondary_of,
)


class SecondaryToken(msgspec.Struct, frozen=True, kw_only=True):
    """A secondary Auth Token, which is told here and never again."""

    account: str
    auth_token: str
    created_ms: int

    def __repr__(self) -> str:
        return f"SecondaryToken({self.account})"


async def create_secondary_token(
    store: AccountStore, keys: TenantKeys, clock: Clock, *, caller: Caller, account: str
) -> SecondaryToken:
    """A token that opens what `caller` opens of `account`, in place of a secondary one that there is.

    Webhooks are signed with the primary one until this is promoted. KeyRefusedError when `caller` opens nothing.
    """
    name, now_ms = secondary_of(account), clock.now_ms()
    await delete_secondary_token(store, keys, account=account)
    # Its slot is that of the account's name, under which it will sign in for good.
    credential = credential_of(account, new_auth_token())
    slot = msgspec.structs.replace(credential.slot, credential=name)
    await keys.add_slot(caller, account, slot)
    kept = msgspec.structs.replace(credential, sid=name, slot=slot)
    row = await credential_row(keys, kept, account=account, kind=SECONDARY_TOKEN, created_ms=now_ms, updated_ms=now_ms)
    await store.put_credential(row)
    return SecondaryToken(account=account, auth_token=credential.secret, created_ms=now_ms)


async def delete_secondary_token(store: AccountStore, keys: TenantKeys, *, account: str) -> bool:
    """False where there is none. The slot goes first: a failure in between can be repeated."""
    name = secondary_of(account)
    if await store.credential(name) is None:
        return False
    await keys.revoke_slot(account, name)
    return await store.delete_credential(account, name)


async def promote_secondary_token(
    store: AccountStore, keys: TenantKeys, clock: Clock, *, caller: Caller, account: str
) -> int:
    """The secondary token becomes the account's, from now on the only one. When the account's was made first, in ms.

    ApiError 20404 where there is none. Whatever a failure leaves half done, one of the two tokens still opens.
    """
    name = secondary_of(account)
    secondary, primary = await store.credential(name), await store.credential(account)
    if secondary is None or primary is None or primary.kind != AUTH_TOKEN:
        raise ApiError(20404)
    states = await keys.open_standing_as(caller, account, [(hmac_states_record(name), secondary.hmac_states)])
    (sealed,) = await keys.seal_standing(account, [(hmac_states_record(account), states[0])])
    await keys.copy_slot(caller, account, name, account)
    await store.put_credential(
        msgspec.structs.replace(primary, verifier=secondary.verifier, hmac_states=sealed, updated_ms=clock.now_ms())
    )
    # The former token may have leaked: it opens nothing from now on, whether or not the new one is ever used.
    await keys.end_former_slot(account, account)
    await delete_secondary_token(store, keys, account=account)
    return primary.created_ms

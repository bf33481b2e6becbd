"""End an API key: it opens nothing any more, then it signs in no more."""

from ringfence.ports.keys import TenantKeys
from ringfence.ports.store import AccountStore
from ringfence.usecases.accounts.credential import API_KEY


async def revoke_key(store: AccountStore, keys: TenantKeys, *, account: str, sid: str) -> bool:
    """False when the account has no such key. The slot goes first: a failure in between can be repeated."""
    row = await store.credential(sid)
    if row is None or row.account != account or row.kind != API_KEY:
        return False
    await keys.revoke_slot(account, sid)
    return await store.delete_credential(account, sid)

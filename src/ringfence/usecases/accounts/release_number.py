"""Give a number up."""

from ringfence.ports.store import AccountStore


async def release_number(store: AccountStore, *, account: str, sid: str) -> bool:
    """False when the account owns no such number. It does not return to the inventory by itself."""
    return await store.release_number(account, sid)

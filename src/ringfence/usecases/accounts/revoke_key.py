"""End an API key: it opens nothing any more, then it signs in no more."""

from collections.abc import Awaitable, Callable

from ringfence.ports.store import KeyStore


async def revoke_key(
    store: KeyStore, end_slot: Callable[[str, str], Awaitable[None]], *, account: str, sid: str
) -> bool:
    """False when the account has no such key. Its slot goes first: a failure in between can be repeated.

    `end_slot` has the key service drop the slot of an account's credential.
    """
    if await store.key(account, sid) is None:
        return False
    await end_slot(account, sid)
    return await store.delete_credential(account, sid)

"""Give an API key another name."""

import msgspec

from ringfence.domain.clock import Clock
from ringfence.ports.store import KeyRow, KeyStore


async def rename_key(
    store: KeyStore, clock: Clock, *, account: str, sid: str, friendly_name: str | None
) -> KeyRow | None:
    """The key under its new name (None keeps the old one); None when the account has no such key."""
    row = await store.key(account, sid)
    if row is None or friendly_name is None:
        return row
    now_ms = clock.now_ms()
    # Not put back as a whole: it may have been revoked meanwhile.
    if not await store.rename_credential(account, sid, friendly_name, now_ms):
        return None
    return msgspec.structs.replace(row, friendly_name=friendly_name, updated_ms=now_ms)

"""Give an API key another name."""

import msgspec

from ringfence.domain.clock import Clock
from ringfence.ports.store import AccountStore, CredentialRow
from ringfence.usecases.accounts.credential import API_KEY


async def rename_key(
    store: AccountStore, clock: Clock, *, account: str, sid: str, friendly_name: str | None
) -> CredentialRow | None:
    """The key under its new name (None keeps the old one); None when the account has no such key."""
    row = await store.credential(sid)
    if row is None or row.account != account or row.kind != API_KEY:
        return None
    if friendly_name is None:
        return row
    renamed = msgspec.structs.replace(row, friendly_name=friendly_name, updated_ms=clock.now_ms())
    await store.put_credential(renamed)
    return renamed

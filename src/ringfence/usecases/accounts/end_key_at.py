"""Have an API key end at another time than it would, or at none: its slot first, then what it signs in with."""

from ringfence.domain.clock import Clock
from ringfence.domain.errors import ApiError
from ringfence.domain.key_end import check_key_end
from ringfence.ports.access_changes import OvertakenError
from ringfence.ports.keys import Caller, TenantKeys
from ringfence.ports.store import AccountStore, CredentialRow
from ringfence.usecases.accounts.restrict_key import restrict_key


async def end_key_at(
    store: AccountStore, keys: TenantKeys, clock: Clock, caller: Caller, row: CredentialRow, ends_ms: int
) -> CredentialRow | None:
    """The key, with that end, Unix milliseconds, 0 for none; None when it is gone. Again is a no-op.

    Where a member set another end since, the key has that one. ApiError 20001 for a time that may not be, and for a key
    that has ended: its slot has gone, or is about to.
    """
    now_ms = clock.now_ms()
    try:
        check_key_end(ends_ms, now_ms)
    except ValueError as error:
        raise ApiError(20001, f"DateExpires: {error}.") from None
    if row.is_past(now_ms):
        raise ApiError(20001, "This key has ended. Make a new one.")
    # In the order in which the key service had them: what a member's form says of it may be written before this.
    number = await keys.end_slot_at(caller, row.account, row.sid, ends_ms)
    try:
        return await restrict_key(store, clock, row, ends_ms=ends_ms, number=number)
    except OvertakenError:
        return await store.credential(row.sid)

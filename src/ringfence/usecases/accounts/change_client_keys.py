"""Change the public keys that an account's clients sign requests with, and whether they must."""

from ringfence.domain.client_validation import (
    KEYS_MAX,
    NAME_CHARACTERS,
    ClientKey,
    ClientKeys,
    read_client_key,
    read_client_keys,
)
from ringfence.domain.clock import Clock
from ringfence.domain.errors import ApiError
from ringfence.domain.sid import new_sid
from ringfence.ports.store import AccountRow, AccountStore

PREFIX = "CR"


async def change_client_keys(
    store: AccountStore,
    clock: Clock,
    account: AccountRow,
    *,
    add: str = "",
    friendly_name: str = "",
    remove: str = "",
    required: bool | None = None,
) -> ClientKeys:
    """The account's keys as they are now.

    ApiError 20001 for what is no RSA public key, for more than ten, and where validation would be required without a
    key to do it with; 20404 for a key or an account that is not there.
    """
    while True:
        before = read_client_keys(account.client_keys)
        after = _changed(before, clock.now_ms(), add, friendly_name, remove, required)
        if await store.set_client_keys(account.sid, after.encode(), was=account.client_keys, at_ms=clock.now_ms()):
            return after
        found = await store.account(account.sid)
        if found is None:
            raise ApiError(20404)
        account = found


def _changed(
    before: ClientKeys, now_ms: int, add: str, friendly_name: str, remove: str, required: bool | None
) -> ClientKeys:
    keys = [key for key in before.keys if key.sid != remove]
    if remove and len(keys) == len(before.keys):
        raise ApiError(20404)
    if add:
        try:
            der = read_client_key(add)
        except ValueError:
            raise ApiError(20001, "PublicKey must be an RSA public key of 2048 bits or more, in PEM.") from None
        keys.append(
            ClientKey(
                sid=new_sid(PREFIX, now_ms),
                friendly_name=friendly_name[:NAME_CHARACTERS],
                public_key=der,
                created_ms=now_ms,
            )
        )
    after = ClientKeys(required=before.required if required is None else required, keys=tuple(keys))
    if len(keys) > KEYS_MAX:
        raise ApiError(20001, f"An account has at most {KEYS_MAX} public keys.")
    if after.required and not keys:
        raise ApiError(20001, "Validation cannot be required without a public key: nobody could take that back.")
    return after

"""Change the public keys that an account's clients sign requests with, and whether they must."""

from collections.abc import Callable

from msgspec.structs import replace

from ringfence.domain.access_change import ClientKeysChanged
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

Change = Callable[[ClientKeys], ClientKeys]


async def change_client_keys(store: AccountStore, clock: Clock, account: AccountRow, *changes: Change) -> ClientKeys:
    """The account's keys as they are after these changes, one after the other.

    ApiError that a change raises; 20001 for more than ten keys, and where validation would be required without a key
    to do it with; 20404 for an account that is gone.
    """
    while True:
        after = before = read_client_keys(account.client_keys)
        for change in changes:
            after = change(after)
        if after == before:
            return after
        _check(after)
        if await store.set_client_keys(account.sid, after.encode(), was=account.client_keys, at_ms=clock.now_ms()):
            return after
        found = await store.account(account.sid)
        if found is None:
            raise ApiError(20404)
        account = found


def add_key(text: str, friendly_name: str, now_ms: int) -> Change:
    """One key more, the last. ApiError 20001 for what is no RSA public key."""
    try:
        der = read_client_key(text)
    except ValueError:
        raise ApiError(20001, "PublicKey must be an RSA public key of 2048 bits or more, in PEM.") from None
    return with_key(
        ClientKey(
            sid=new_sid(PREFIX, now_ms),
            friendly_name=friendly_name[:NAME_CHARACTERS],
            public_key=der,
            created_ms=now_ms,
            updated_ms=now_ms,
        )
    )


def with_key(key: ClientKey) -> Change:
    """That key more, the last; again it is a no-op."""
    return lambda before: before if before.key(key.sid) else replace(before, keys=(*before.keys, key))


def without_key(sid: str) -> Change:
    """A key less, if there is one of that SID."""
    return lambda before: replace(before, keys=tuple(key for key in before.keys if key.sid != sid))


def kept(form: ClientKeysChanged, number: int) -> Change:
    """What a member's form says, that the key service numbered so: once, and nothing after a later one was taken.

    Keys come and go whatever was changed since; the rule stays where it was set since.
    """

    def change(before: ClientKeys) -> ClientKeys:
        if number <= before.taken:
            return before
        after = replace(before, taken=number)
        # What takes a key away and lifts the rule does so at once: a rule without a key would shut everybody out.
        for each in [*([with_key(form.add)] if form.add else []), *([without_key(form.remove)] if form.remove else [])]:
            after = each(after)
        if form.required is not None and number >= before.ruled_ms:
            after = replace(after, required=form.required)
        return after

    return change


def rename_client_key(sid: str, friendly_name: str, now_ms: int) -> Change:
    """Another name for a key. ApiError 20404 where there is none of that SID."""

    def change(before: ClientKeys) -> ClientKeys:
        found = _key(before, sid)
        named = replace(found, friendly_name=friendly_name[:NAME_CHARACTERS], updated_ms=now_ms)
        return replace(before, keys=tuple(named if key == found else key for key in before.keys))

    return change


def remove_key(sid: str) -> Change:
    """One key less. ApiError 20404 where there is none of that SID."""

    def change(before: ClientKeys) -> ClientKeys:
        found = _key(before, sid)
        return replace(before, keys=tuple(key for key in before.keys if key != found))

    return change


def require(required: bool, now_ms: int) -> Change:
    """Whether a request must be signed."""
    return lambda before: replace(before, required=required, ruled_ms=max(now_ms, before.ruled_ms))


def _key(keys: ClientKeys, sid: str) -> ClientKey:
    found = keys.key(sid)
    if found is None:
        raise ApiError(20404)
    return found


def _check(after: ClientKeys) -> None:
    if len(after.keys) > KEYS_MAX:
        raise ApiError(20001, f"An account has at most {KEYS_MAX} public keys.")
    if after.required and not after.keys:
        raise ApiError(20001, "Validation cannot be required without a public key: nobody could take that back.")

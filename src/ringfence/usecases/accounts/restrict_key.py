"""Change how an API key may be used: what it may, from where, until when, and what is done where it shows itself."""

from typing import TypeVar

import msgspec

from ringfence.domain.clock import Clock
from ringfence.domain.errors import ApiError
from ringfence.domain.key_policy import KeyPolicy
from ringfence.domain.key_watch import Reaction
from ringfence.ports.store import CredentialRow, KeyRow, KeyStore
from ringfence.usecases.accounts.credential import API_KEY

Key = TypeVar("Key", CredentialRow, KeyRow)


async def restrict_key(
    store: KeyStore,
    clock: Clock,
    row: Key,
    *,
    policy: KeyPolicy | None = None,
    networks: str | None = None,
    canary: bool | None = None,
    watched: bool | None = None,
    reaction: Reaction | None = None,
    ends_ms: int | None = None,
    number: int | None = None,
) -> Key | None:
    """The key with what is given changed; None when it is gone. A `number` is as `KeyStore.restrict_credential` has it.

    ApiError 20001 where it would have to open what it does not, or no longer: its slot was made with its secret. Nor
    does a key that was made without a policy get one, since the Access Tokens that it signed would outlive that. Of
    another end the key service knows: see `end_key_at`. OvertakenError where something newer than `number` was written.
    """
    if row.kind != API_KEY:
        return None
    if policy is not None:
        if not row.policy:
            raise ApiError(20001, "Only a restricted key has a Policy. Make a new key with KeyType=restricted.")
        if policy.opens != KeyPolicy(tuple(row.policy.split())).opens:
            raise ApiError(
                20001, "A key that only writes does not come to read, nor the other way round. Make a new key."
            )
    now_ms = clock.now_ms()
    changed = msgspec.structs.replace(
        row,
        policy=row.policy if policy is None else " ".join(policy.allow),
        networks=row.networks if networks is None else networks,
        canary=row.canary if canary is None else canary,
        watched=row.watched if watched is None else watched,
        reaction=reaction or row.reaction,
        ends_ms=row.ends_ms if ends_ms is None else ends_ms,
        updated_ms=now_ms,
    )
    done = await store.restrict_credential(
        row.account,
        row.sid,
        policy=None if policy is None else changed.policy,
        networks=networks,
        canary=canary,
        watched=watched,
        reaction=reaction,
        ends_ms=ends_ms,
        at_ms=now_ms,
        number=number,
    )
    return changed if done else None

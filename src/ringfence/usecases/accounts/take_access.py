"""Take into the store what members changed of who may use their accounts, as the key service has it proved."""

from typing import Final, Protocol

import structlog
from msgspec.structs import replace

from ringfence.domain.access_change import (
    Change,
    ClientKeysChanged,
    KeyEnded,
    KeyLimited,
    KeyMade,
    NetworksSet,
)
from ringfence.domain.clock import Clock, ManualClock
from ringfence.domain.errors import ApiError
from ringfence.domain.key_policy import KeyPolicy
from ringfence.ports.access_changes import AccessChange, AccessChanges, OvertakenError
from ringfence.ports.notices import NoticeAddress, NoticeStore
from ringfence.ports.store import AccountStore, CredentialRow, SidTakenError
from ringfence.usecases.accounts.change_client_keys import change_client_keys, kept
from ringfence.usecases.accounts.credential import API_KEY
from ringfence.usecases.accounts.restrict_key import restrict_key

WITHIN_MS: Final = 5_000
"""Half of the time for which nobody else is given it: a process that is late leaves the rest to the next.

Should it stand still just then, the store takes nothing older from it than what it has.
"""

_log = structlog.get_logger(__name__)


class AccessStore(AccountStore, NoticeStore, Protocol):
    """What of the store members change so."""


async def take_access(store: AccessStore, changes: AccessChanges, clock: Clock) -> None:
    """All that waits, in order. Again, or at the same time in another process, it changes no more.

    Something newer may have been written since it was kept, by another process too: that stays, and the log says so.
    ConnectionError, StoreFailedError, QueueFullError: what was not taken waits still. What the store cannot have is
    dropped, and said in the log.
    """
    until_ms = clock.monotonic_ms() + WITHIN_MS
    taken: list[AccessChange] = []
    for each in await changes.take_access():
        if clock.monotonic_ms() >= until_ms:
            break
        try:
            await _apply(store, each)
        except OvertakenError:
            _log.error("access.overtaken", account=each.account, sid=_key_of(each.change))
        except (SidTakenError, ApiError):
            _log.error("access.not_taken", account=each.account, sid=_key_of(each.change))
        taken.append(each)
    if not taken:
        return
    gone = frozenset(await changes.settle_access([each.number for each in taken]))
    for key in [each for each in taken if each.number in gone and _key_of(each.change)]:
        await _take_out(store, key)


async def _take_out(store: AccessStore, ended: AccessChange) -> None:
    """It was revoked between the two: what has no slot any more signs nobody in."""
    await store.delete_credential(ended.account, _key_of(ended.change))


def _key_of(change: Change) -> str:
    return change.sid if isinstance(change, KeyMade | KeyEnded | KeyLimited) else ""


async def _apply(store: AccessStore, waiting: AccessChange) -> None:
    account, number, change = waiting.account, waiting.number, waiting.change
    if isinstance(change, KeyMade):
        await store.add_credential(_row(account, change), number)
    elif isinstance(change, KeyEnded):
        await store.delete_credential(account, change.sid, number=number)
    elif isinstance(change, KeyLimited):
        await _limit(store, waiting, change)
    elif isinstance(change, NetworksSet):
        await store.restrict_account(account, change.networks, waiting.at_ms, number=number)
    elif isinstance(change, ClientKeysChanged):
        await _change_client_keys(store, waiting, change)
    elif change.standing:
        row = NoticeAddress(account=account, standing=change.standing, updated_ms=waiting.at_ms)
        await store.keep_notice_address(row, number=number)
    else:
        await store.drop_notice_address(account, at_ms=waiting.at_ms, number=number)


def _row(account: str, key: KeyMade) -> CredentialRow:
    return CredentialRow(
        account=account,
        sid=key.sid,
        kind=API_KEY,
        verifier=key.verifier,
        hmac_states=key.hmac_states,
        friendly_name=key.friendly_name,
        created_ms=key.created_ms,
        updated_ms=key.created_ms,
        policy=key.policy,
        networks=key.networks,
        ends_ms=key.ends_ms,
    )


async def _limit(store: AccountStore, waiting: AccessChange, change: KeyLimited) -> None:
    row = await store.key(waiting.account, change.sid)
    if row is None:
        # Revoked meanwhile. Were it not there yet, it would come without these limits: that is not to pass unseen.
        raise ApiError(20404)
    try:
        await restrict_key(
            # It is dated when its maker changed it.
            *(store, ManualClock(waiting.at_ms), row),
            policy=None if change.policy is None else KeyPolicy(tuple(change.policy.split())),
            networks=change.networks,
            canary=change.canary,
            watched=change.watched,
            reaction=change.reaction,
            ends_ms=change.ends_ms,
            number=waiting.number,
        )
    except OvertakenError as newer:
        # What nobody changed since is as the form says. Each time that is less, until nothing is left.
        await _limit(store, waiting, replace(change, **dict.fromkeys(newer.fields)))
        raise


async def _change_client_keys(store: AccountStore, waiting: AccessChange, change: ClientKeysChanged) -> None:
    row = await store.account(waiting.account)
    if row is None:
        return
    after = await change_client_keys(store, ManualClock(waiting.at_ms), row, kept(change, waiting.number))
    if change.required is not None and after.ruled_ms > waiting.number:
        raise OvertakenError(frozenset({"required"}))

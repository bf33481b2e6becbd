"""Take into the store what members changed of who may use their accounts, as the key service has it proved."""

from typing import Final, Protocol

import structlog

from ringfence.domain.access_change import (
    Change,
    ClientKeysChanged,
    KeyEnded,
    KeyLimited,
    KeyMade,
    NetworksSet,
    NoticeAddressSet,
)
from ringfence.domain.clock import Clock, ManualClock
from ringfence.domain.errors import ApiError
from ringfence.domain.key_policy import KeyPolicy
from ringfence.ports.access_changes import AccessChange, AccessChanges
from ringfence.ports.notices import NoticeAddress, NoticeStore
from ringfence.ports.store import AccountStore, CredentialRow, SidTakenError
from ringfence.usecases.accounts.change_client_keys import change_client_keys, require, with_key, without_key
from ringfence.usecases.accounts.credential import API_KEY
from ringfence.usecases.accounts.restrict_key import restrict_key

WITHIN_MS: Final = 5_000
"""Half of the time for which nobody else is given it: a process that is late leaves the rest to the next."""

_log = structlog.get_logger(__name__)


class AccessStore(AccountStore, NoticeStore, Protocol):
    """What of the store members change so."""


async def take_access(store: AccessStore, changes: AccessChanges, clock: Clock) -> None:
    """All that waits, in order. Again, or at the same time in another process, it changes no more.

    What comes again may have been written, and something newer since: then that stays, and the log says so.
    ConnectionError, StoreFailedError, QueueFullError: what was not taken waits still. What the store cannot have is
    dropped, and said in the log.
    """
    until_ms = clock.monotonic_ms() + WITHIN_MS
    taken: list[AccessChange] = []
    for each in await changes.take_access():
        if clock.monotonic_ms() >= until_ms:
            break
        try:
            if await _is_overtaken(store, each):
                _log.error("access.overtaken", account=each.account, sid=_key_of(each.change))
            else:
                await _apply(store, each)
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


async def _is_overtaken(store: AccessStore, waiting: AccessChange) -> bool:
    """Whether it was written before, and what it is about was changed after it.

    An address for notices has a date of its own, and may be set from the operator's terminal before this is taken.
    """
    change = waiting.change
    if isinstance(change, NoticeAddressSet):
        (address,) = await store.notice_addresses([waiting.account])
        return address is not None and address.updated_ms > waiting.at_ms
    if not waiting.again or isinstance(change, KeyEnded):
        return False
    if isinstance(change, KeyMade):
        return await store.key(waiting.account, change.sid) is not None
    row = await (
        store.key(waiting.account, change.sid) if isinstance(change, KeyLimited) else store.account(waiting.account)
    )
    return row is not None and row.updated_ms > waiting.at_ms


async def _apply(store: AccessStore, waiting: AccessChange) -> None:
    account, change = waiting.account, waiting.change
    # It is dated when its maker changed it: by that it is told from what came after it.
    dated = ManualClock(waiting.at_ms)
    if isinstance(change, KeyMade):
        await store.put_credential(_row(account, change))
    elif isinstance(change, KeyEnded):
        await store.delete_credential(account, change.sid)
    elif isinstance(change, KeyLimited):
        await _limit(store, dated, account, change)
    elif isinstance(change, NetworksSet):
        await store.restrict_account(account, change.networks, waiting.at_ms)
    elif isinstance(change, NoticeAddressSet):
        await _set_notice_address(store, waiting.at_ms, account, change)
    else:
        await _change_client_keys(store, dated, account, change)


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


async def _limit(store: AccountStore, clock: Clock, account: str, change: KeyLimited) -> None:
    row = await store.key(account, change.sid)
    if row is None:
        # Revoked meanwhile. Were it not there yet, it would come without these limits: that is not to pass unseen.
        raise ApiError(20404)
    await restrict_key(
        *(store, clock, row),
        policy=None if change.policy is None else KeyPolicy(tuple(change.policy.split())),
        networks=change.networks,
        canary=change.canary,
        watched=change.watched,
        reaction=change.reaction,
        ends_ms=change.ends_ms,
    )


async def _set_notice_address(store: AccessStore, at_ms: int, account: str, change: NoticeAddressSet) -> None:
    if change.standing:
        await store.keep_notice_address(NoticeAddress(account=account, standing=change.standing, updated_ms=at_ms))
    else:
        await store.drop_notice_address(account)


async def _change_client_keys(store: AccountStore, clock: Clock, account: str, change: ClientKeysChanged) -> None:
    row = await store.account(account)
    if row is not None:
        # What takes a key away and lifts the rule does so at once: a rule without a key would shut everybody out.
        changes = [
            *([with_key(change.add)] if change.add else []),
            *([without_key(change.remove)] if change.remove else []),
            *([] if change.required is None else [require(change.required)]),
        ]
        await change_client_keys(store, clock, row, *changes)

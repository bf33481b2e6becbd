"""Take into the store what members changed of who may use their accounts, as the key service has it proved."""

import structlog

from ringfence.domain.access_change import Change
from ringfence.ports.access_changes import AccessChanges
from ringfence.ports.store import AccountStore, CredentialRow, SidTakenError
from ringfence.usecases.accounts.credential import API_KEY

_log = structlog.get_logger(__name__)


async def take_access(store: AccountStore, changes: AccessChanges) -> None:
    """All that waits. Again, or at the same time in another process, it changes no more.

    ConnectionError, StoreFailedError, QueueFullError: what was not taken waits still. What the store cannot have is
    dropped, and said in the log.
    """
    waiting = await changes.take_access()
    if not waiting:
        return
    for each in waiting:
        try:
            await _apply(store, each.account, each.change)
        except SidTakenError:
            _log.error("access.not_taken", account=each.account, sid=each.change.sid)
    gone = frozenset(await changes.settle_access([each.number for each in waiting]))
    for each in waiting:
        if each.number in gone:
            # Revoked between the two: what has no slot any more signs nobody in.
            await store.delete_credential(each.account, each.change.sid)


async def _apply(store: AccountStore, account: str, change: Change) -> None:
    await store.put_credential(
        CredentialRow(
            account=account,
            sid=change.sid,
            kind=API_KEY,
            verifier=change.verifier,
            hmac_states=change.hmac_states,
            friendly_name=change.friendly_name,
            created_ms=change.created_ms,
            updated_ms=change.created_ms,
            policy=change.policy,
            networks=change.networks,
        )
    )

"""The session that asked takes the sealed keys, for what it opens next."""

from collections.abc import Sequence

from ringfence.domain.access.grant import Grant, GrantState, settled
from ringfence.domain.access.refusal import AccessRefusedError, Refusal
from ringfence.domain.clock import Clock
from ringfence.domain.sealing.grant import SealedGrant
from ringfence.ports.access import GrantStore
from ringfence.ports.grants import GrantKeys
from ringfence.ports.keys import KeyRefusedError


async def use_grant(
    store: GrantStore, keys: GrantKeys, clock: Clock, sid: str, *, session: str, names: Sequence[str]
) -> tuple[Grant, SealedGrant]:
    """The grant, and lid and boxes of these names; the ledger has it by then. AccessRefusedError."""
    grant = await store.grant(sid)
    if grant is None or grant.session != session:
        raise AccessRefusedError(Refusal.UNKNOWN)
    if settled(grant, clock.now_ms()).state is not GrantState.APPROVED:
        raise AccessRefusedError(Refusal.ENDED)
    if not frozenset(names) <= frozenset(grant.scope.names):
        raise AccessRefusedError(Refusal.SCOPE)
    try:
        return grant, await keys.grant_boxes(sid, session, names)
    except KeyRefusedError:
        raise AccessRefusedError(Refusal.ENDED) from None

"""Staff take the sealed keys, for what they open next: the session that asked, or whoever has a shared one's code."""

from collections.abc import Sequence

from ringfence.domain.access.grant import SHARED, Grant, GrantState, settled
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
    return await _taken(keys, clock, grant, session, names)


async def use_shared(
    store: GrantStore, keys: GrantKeys, clock: Clock, sid: str, *, staff: str, session: str
) -> tuple[Grant, SealedGrant]:
    """As `use_grant`, all of what a member shared with whoever has its code; the ledger says who took it."""
    grant = await store.grant(sid)
    if grant is None or grant.session != SHARED:
        raise AccessRefusedError(Refusal.UNKNOWN)
    return await _taken(keys, clock, grant, session, grant.scope.names, staff)


async def _taken(
    keys: GrantKeys, clock: Clock, grant: Grant, session: str, names: Sequence[str], staff: str = ""
) -> tuple[Grant, SealedGrant]:
    if settled(grant, clock.now_ms()).state is not GrantState.APPROVED:
        raise AccessRefusedError(Refusal.ENDED)
    if not frozenset(names) <= frozenset(grant.scope.names):
        raise AccessRefusedError(Refusal.SCOPE)
    try:
        return grant, await keys.grant_boxes(grant.sid, session, names, staff)
    except KeyRefusedError:
        raise AccessRefusedError(Refusal.ENDED) from None

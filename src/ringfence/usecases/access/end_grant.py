"""End a grant early: its keys first, then its record."""

from ringfence.domain.access.grant import Approver, Grant, revoke
from ringfence.domain.access.refusal import AccessRefusedError, Refusal
from ringfence.domain.clock import Clock
from ringfence.ports.access import GrantStore
from ringfence.ports.grants import GrantKeys


async def end_grant(store: GrantStore, keys: GrantKeys, clock: Clock, sid: str, actor: str) -> Grant:
    """The grant as it ended. AccessRefusedError where there is none, or it has ended.

    `actor` is `member:ID` or `staff:ID`. ConnectionError where the key service could not write it down: its keys are
    erased all the same, unless it is away.
    """
    await keys.end_grant(sid, actor)
    while True:
        before = await store.grant(sid)
        if before is None:
            raise AccessRefusedError(Refusal.UNKNOWN)
        after = revoke(before, actor, clock.now_ms())
        if await store.replace_grant(before, after):
            return after


async def end_as_member(store: GrantStore, keys: GrantKeys, clock: Clock, sid: str, member: Approver) -> Grant:
    """As `end_grant`, by a member: any approver of the tenant. AccessRefusedError for others."""
    grant = await store.grant(sid)
    if grant is None or grant.tenant != member.account:
        raise AccessRefusedError(Refusal.UNKNOWN)
    if not member.approves:
        raise AccessRefusedError(Refusal.NOT_APPROVER)
    return await end_grant(store, keys, clock, sid, f"member:{member.member}")


async def end_as_staff(store: GrantStore, keys: GrantKeys, clock: Clock, sid: str, staff: str) -> Grant:
    """As `end_grant`, by whoever asked. AccessRefusedError for others."""
    grant = await store.grant(sid)
    if grant is None or grant.staff != staff:
        raise AccessRefusedError(Refusal.UNKNOWN)
    return await end_grant(store, keys, clock, sid, f"staff:{staff}")

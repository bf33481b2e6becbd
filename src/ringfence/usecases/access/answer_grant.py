"""An approver of the tenant looks at a request, matches its number, and approves or refuses it."""

from collections.abc import Callable

from ringfence.domain.access.grant import Approver, Grant, approve, look, refuse, show
from ringfence.domain.access.refusal import AccessRefusedError, Refusal
from ringfence.domain.clock import Clock
from ringfence.domain.sealing.grant import SealedGrant
from ringfence.ports.access import GrantStore
from ringfence.ports.access_notes import AccessNotes
from ringfence.ports.grants import GrantKeys, KeptGrant
from ringfence.ports.keys import KeyRefusedError
from ringfence.usecases.access.ask_for_grant import named
from ringfence.usecases.access.end_grant import end_grant


async def look_at_grant(
    store: GrantStore, clock: Clock, sid: str, approver: Approver, value: bytes, expires_ms: int
) -> Grant:
    """The approver's browser has drawn its value, and set the end. AccessRefusedError, as all of these."""
    return await _step(store, sid, lambda grant: look(grant, approver, value, expires_ms, clock.now_ms()))


async def show_value(store: GrantStore, clock: Clock, sid: str, session: str, value: bytes) -> Grant:
    """The asker's browser shows what it committed to; from then on both sides see the number."""
    return await _step(store, sid, lambda grant: show(grant, session, value, clock.now_ms()))


async def refuse_grant(store: GrantStore, notes: AccessNotes, clock: Clock, sid: str, approver: Approver) -> Grant:
    """No."""
    grant = await _step(store, sid, lambda one: refuse(one, approver, clock.now_ms()))
    await notes.note(grant.account, f"member:{approver.member}", "refuse_grant", named(grant))
    return grant


async def approve_grant(
    store: GrantStore,
    keys: GrantKeys,
    notes: AccessNotes,
    clock: Clock,
    sid: str,
    approver: Approver,
    *,
    typed: str,
    sealed: SealedGrant,
) -> Grant:
    """The approver's browser has sealed the keys to the asking session; the key service keeps them.

    A wrong number refuses the request for good. Where the key service cannot keep the keys the grant is revoked:
    nothing is approved that cannot be seen in the ledger.
    """
    names = frozenset(sealed.boxes)
    try:
        grant = await _step(store, sid, lambda one: approve(one, approver, typed, names, clock.now_ms()))
    except AccessRefusedError as error:
        if error.refusal is Refusal.NUMBER:
            await refuse_grant(store, notes, clock, sid, approver)
        raise
    try:
        await keys.keep_grant(KeptGrant(binding=grant.binding, sealed=sealed, approver=approver.member))
    except (ConnectionError, KeyRefusedError, ValueError):
        await end_grant(store, keys, clock, sid, f"member:{approver.member}")
        raise
    return grant


async def _step(store: GrantStore, sid: str, step: Callable[[Grant], Grant]) -> Grant:
    """A step of the grant as it stands; where another step overtakes it, a step of what that one left."""
    while True:
        before = await store.grant(sid)
        if before is None:
            raise AccessRefusedError(Refusal.UNKNOWN)
        after = step(before)
        if await store.replace_grant(before, after):
            return after

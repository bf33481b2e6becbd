"""A staff member asks a tenant for the keys of something."""

from collections.abc import Sequence

from ringfence.domain.access.grant import Grant, ask
from ringfence.domain.access.refusal import AccessRefusedError
from ringfence.domain.access.scope import Scope
from ringfence.domain.clock import Clock
from ringfence.domain.sid import new_sid
from ringfence.ports.access import GrantStore
from ringfence.ports.access_notes import AccessNotes

NAMES_NOTED = 50


async def ask_for_grant(
    store: GrantStore,
    notes: AccessNotes,
    clock: Clock,
    *,
    staff: str,
    session: str,
    tenant: str,
    account: str,
    scope: Scope,
    reason: str,
    minutes: int,
    public: bytes,
    committed: bytes,
) -> Grant:
    """The request, which waits for an approver of `tenant`. AccessRefusedError; ConnectionError: it was not asked.

    What was turned away is in the ledger as well, under the account, so that the tenant sees who tries.
    """
    now_ms = clock.now_ms()
    wanted = Grant(
        sid=new_sid("GR", now_ms),
        tenant=tenant,
        account=account,
        staff=staff,
        session=session,
        public=public,
        committed=committed,
        scope=scope,
        reason=reason,
        minutes=minutes,
        asked_ms=now_ms,
    )
    actor = f"staff:{staff}"
    try:
        grant = ask(wanted, now_ms)
        await notes.note(account, actor, "ask_grant", named(grant, scope.names))
        await store.add_grant(grant, now_ms)
    except AccessRefusedError as error:
        await notes.note(account, actor, "grant_turned_away", (f"session:{session}", f"because:{error.refusal}"))
        raise
    return grant


def named(grant: Grant, names: Sequence[str] = ()) -> list[str]:
    """How an entry of the ledger names a grant, its session, and as much of its scope as an entry holds."""
    head = [f"session:{grant.session}", f"grant:{grant.sid}"]
    if len(names) <= NAMES_NOTED:
        return [*head, *names]
    return [*head, *names[:NAMES_NOTED], f"more:{len(names) - NAMES_NOTED}"]

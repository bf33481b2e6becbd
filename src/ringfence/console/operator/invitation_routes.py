"""Inviting a tenant: a link that makes one account, whose secrets the console never has.

One member does it alone. What a link makes is a new and empty account, and opens nothing of anybody; a second person
would be a second one who has the link. Source: docs/howto/invite-a-tenant.md.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ringfence.console.json_routes import done, read_json
from ringfence.console.live.looked import Looked, Now
from ringfence.console.operator.act_guard import ActGuard
from ringfence.console.operator.act_names import Act
from ringfence.console.operator.paging import PAGE
from ringfence.console.operator.staff import TERMINAL, Staff
from ringfence.console.refusals import RefusedError
from ringfence.console.session_guard import session_of
from ringfence.domain.clock import Clock
from ringfence.domain.sid import is_sid
from ringfence.ports.access_notes import OPERATOR, AccessNotes
from ringfence.ports.invitations import InvitationRow, Invitations
from ringfence.usecases.accounts.invitation import PREFIX, invite, new_invitation_id

NAME_MAX: Final = 64


class _Invited(msgspec.Struct, frozen=True):
    name: str


def invitation_routes(
    guard: ActGuard, staff: Staff, store: Invitations, notes: AccessNotes, clock: Clock, api_url: str
) -> list[Route]:
    """Links lead to `api_url`, where accounts are made. Each is told in one answer, to the session that made it."""

    async def found_of(asked: Mapping[str, str], now_ms: int) -> Sequence[InvitationRow]:
        before = asked.get("before", "")
        return await store.invitations(
            before=before if is_sid(before, PREFIX) else None,
            limit=PAGE + 1,
            open_at_ms=None if "all" in asked else now_ms,
        )

    async def listed(request: Request) -> Response:
        now_ms, everything = clock.now_ms(), "all" in request.query_params
        found = await found_of(request.query_params, now_ms)
        return await guard.show(
            request,
            "invitations.html",
            "Invitations",
            invitations=[(row, state_of(row, now_ms)) for row in found[:PAGE]],
            names={each.id: each.name for each in await staff.members(removed=True)} | {TERMINAL: TERMINAL},
            older=f"/invitations?before={found[PAGE - 1].id}{'&all' * everything}" if len(found) > PAGE else "",
            everything=everything,
            name_max=NAME_MAX,
        )

    async def now(looked: Looked) -> Now:
        now_ms = clock.now_ms()
        return {row.id: (row, state_of(row, now_ms)) for row in await found_of(dict(looked.query), now_ms)}

    async def make(request: Request) -> Response:
        session = session_of(request)
        name = " ".join((await read_json(request, _Invited)).name.split())
        if not 1 <= len(name) <= NAME_MAX or not name.isprintable():
            raise RefusedError(f"Say what to call the account, in 1 to {NAME_MAX} characters.", status=400)
        invitation = new_invitation_id(clock)
        await notes.note(OPERATOR, session.actor, "invite_account", (session.scope, invitation))
        made = await invite(store, clock, invitation=invitation, name=name, by=session.person)
        return done(link=f"{api_url}/invite#{made.secret}")

    async def withdraw(request: Request) -> Response:
        session, invitation = session_of(request), request.path_params["id"]
        if not is_sid(invitation, PREFIX):
            raise RefusedError("There is no such invitation.", status=404)
        await notes.note(OPERATOR, session.actor, "withdraw_invitation", (session.scope, invitation))
        if not await store.delete_invitation(invitation):
            raise RefusedError("It was taken or withdrawn before: look which account it made.")
        return done()

    return [
        guard.page("/invitations", Act.INVITATIONS_LIST, listed, now),
        guard.deed("/invitations", Act.TENANT_INVITE, make),
        guard.deed("/invitations/{id}/withdraw", Act.INVITATION_WITHDRAW, withdraw),
    ]


def state_of(row: InvitationRow, now_ms: int) -> str:
    """In a word: open, taken or ended."""
    if row.taken_ms:
        return "taken"
    return "open" if row.is_open(now_ms) else "ended"

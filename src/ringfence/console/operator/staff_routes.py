"""Pages of staff, sessions and a member's own passkeys, and what may be done there."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ringfence.console.ends_of_grants import EndsOfGrants, GrantsToEnd, keep_to_end
from ringfence.console.json_routes import done, read_json
from ringfence.console.live.looked import Looked, Now, rows_by
from ringfence.console.operator.act_guard import ActGuard
from ringfence.console.operator.act_names import Act
from ringfence.console.operator.paging import page_before
from ringfence.console.operator.staff import Staff
from ringfence.console.refusals import RefusedError
from ringfence.console.session_guard import session_of
from ringfence.console.sessions import Session, Sessions
from ringfence.domain.access.staff_role import StaffRole
from ringfence.domain.base64url import decode_base64url, encode_base64url
from ringfence.domain.clock import Clock
from ringfence.domain.passkeys.answers import RegistrationJson, read_registration
from ringfence.ports.access_notes import OPERATOR, AccessNotes


class _Invited(msgspec.Struct, frozen=True):
    name: str
    roles: list[StaffRole] = []


class _Made(msgspec.Struct, frozen=True):
    ceremony: str
    answer: RegistrationJson


def staff_routes(
    guard: ActGuard,
    staff: Staff,
    sessions: Sessions,
    notes: AccessNotes,
    ends: EndsOfGrants,
    clock: Clock,
    origin: str,
) -> list[Route]:
    """Grants end with their sessions: later, where the key service is away. Then too the session has ended."""

    async def staff_page(request: Request) -> Response:
        members = await staff.members(removed=True)
        page, before = page_before(members, lambda each: each.id, request.query_params.get("before", ""))
        return await guard.show(
            request,
            "staff.html",
            "Staff",
            members=page,
            before=before,
            names={each.id: each.name for each in members} | {"terminal": "terminal"},
            invitations=await staff.invitations(),
            roles=list(StaffRole),
            now_ms=clock.now_ms(),
        )

    async def sessions_page(request: Request) -> Response:
        held = await staff.passkeys_of(session_of(request).person)
        open_now = await sessions.open_now("staff")
        page, before = page_before(open_now, lambda each: each.id, request.query_params.get("before", ""))
        return await guard.show(
            request,
            "sessions.html",
            "Sessions",
            sessions=page,
            before=before,
            names={each.id: each.name for each in await staff.members()},
            passkeys=[(encode_base64url(each.passkey.credential_id), each) for each in held],
            now_ms=clock.now_ms(),
        )

    async def staff_now(_: Looked) -> Now:
        now_ms = clock.now_ms()
        return {
            **{each.id: (each, now_ms < each.active_ms) for each in await staff.members(removed=True)},
            **rows_by(lambda each: each.id, await staff.invitations()),
        }

    async def sessions_now(_: Looked) -> Now:
        return rows_by(lambda each: each.id, await sessions.open_now("staff"))

    async def invite(request: Request) -> Response:
        invited = await read_json(request, _Invited)
        secret = await staff.invite(session_of(request).person, invited.name, invited.roles)
        return done(link=_link(origin, secret))

    async def approve(request: Request) -> Response:
        secret = await staff.approve(session_of(request).person, request.path_params["id"])
        return done(link=_link(origin, secret))

    async def refuse(request: Request) -> Response:
        await staff.refuse(session_of(request).person, request.path_params["id"])
        return done()

    async def remove(request: Request) -> Response:
        await staff.remove(session_of(request).person, request.path_params["id"])
        return done()

    async def end_session(request: Request) -> Response:
        session: Session = session_of(request)
        other = request.path_params["id"]
        await notes.note(OPERATOR, session.actor, "end_session", (f"session:{other}",))
        ending = GrantsToEnd(session=other, actor=session.actor, at_ms=clock.now_ms())
        if not await sessions.end("staff", other, beside=lambda db: keep_to_end(db, ending)):
            raise RefusedError("there is no such session any more")
        await ends.settle()
        return done()

    async def begin_adding(request: Request) -> Response:
        ceremony, options = await staff.begin_adding(session_of(request).person)
        return done(ceremony=ceremony, options=options)

    async def add(request: Request) -> Response:
        made = await read_json(request, _Made)
        await staff.add(session_of(request).person, made.ceremony, read_registration(made.answer))
        return done()

    async def drop(request: Request) -> Response:
        try:
            credential_id = decode_base64url(request.path_params["id"])
        except ValueError:
            raise RefusedError("there is no such passkey") from None
        session = session_of(request)
        await staff.drop(session.person, credential_id, session.id)
        return done()

    return [
        guard.page("/staff", Act.STAFF_LIST, staff_page, staff_now),
        guard.deed("/staff/invitations", Act.STAFF_INVITE, invite),
        guard.deed("/staff/invitations/{id}/approve", Act.STAFF_APPROVE, approve),
        guard.deed("/staff/invitations/{id}/refuse", Act.STAFF_REFUSE, refuse),
        guard.deed("/staff/{id}/remove", Act.STAFF_REMOVE, remove),
        guard.page("/sessions", Act.SESSIONS_LIST, sessions_page, sessions_now),
        guard.deed("/sessions/{id}/end", Act.SESSION_END, end_session),
        guard.deed("/passkeys/options", Act.PASSKEY_ADD, begin_adding),
        guard.deed("/passkeys", Act.PASSKEY_ADD, add),
        guard.deed("/passkeys/{id}/drop", Act.PASSKEY_DROP, drop),
    ]


def _link(origin: str, secret: str | None) -> str | None:
    """The secret stands after #, which browsers send to nobody."""
    return None if secret is None else f"{origin}/join#{secret}"

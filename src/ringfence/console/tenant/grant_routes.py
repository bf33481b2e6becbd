"""What staff asks to read, and a member's answer: keys are sealed in the key origin's frame, and pass through here."""

from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ringfence.console.grant_book import GrantBook
from ringfence.console.grant_json import bytes_of, refusing, said, written
from ringfence.console.json_routes import Handler, answering, done, read_json
from ringfence.console.live.looked import Looked, Now, rows_by
from ringfence.console.live.pages import Followed
from ringfence.console.operator.staff_rows import member_of
from ringfence.console.pages import Pages
from ringfence.console.refusals import RefusedError
from ringfence.console.session_guard import session_of
from ringfence.console.storage import ConsoleStorage
from ringfence.console.tenant.reading import reader_through
from ringfence.console.tenant.roles import role_of
from ringfence.console.tenant.slot_json import boxes_json
from ringfence.domain.access.grant import SHARED, Approver, Grant, GrantState, settled
from ringfence.domain.access.refusal import AccessRefusedError, Refusal
from ringfence.domain.access.role import Role
from ringfence.domain.access.scope import epoch_of, is_call, is_recording
from ringfence.domain.clock import Clock
from ringfence.domain.sealing.grant import SealedGrant
from ringfence.domain.sid import is_sid
from ringfence.ports.access_notes import AccessNotes
from ringfence.ports.console_keys import ConsoleKeys
from ringfence.ports.grants import GrantKeys
from ringfence.ports.keys import KeyRefusedError
from ringfence.ports.operator_view import OperatorView
from ringfence.usecases.access.answer_grant import approve_grant, look_at_grant, refuse_grant
from ringfence.usecases.access.end_grant import end_as_member

PAGE: Final = 50


class _Looked(msgspec.Struct, frozen=True):
    value: str
    expires_ms: int


class _Credential(msgspec.Struct, frozen=True):
    credential: str


class _Sealed(msgspec.Struct, frozen=True):
    typed: str
    lid: str
    boxes: list[tuple[str, str]]


def grant_routes(
    pages: Pages,
    storage: ConsoleStorage,
    grants: GrantKeys,
    keys: ConsoleKeys,
    view: OperatorView,
    notes: AccessNotes,
    clock: Clock,
    *,
    keys_origin: str,
) -> list[BaseRoute]:
    """All of them are for a session of a member; an approver answers for the account."""
    book = GrantBook(storage)

    def told(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        return answering(refusing(handler))

    async def listed(request: Request) -> Response:
        session, before = session_of(request), request.query_params.get("before", "")
        before = before if is_sid(before, "GR") else ""
        now_ms, own = clock.now_ms(), {"staff": "", "tenant": session.account, "state": ""}
        standing, found = await book.standing(now_ms, **own), await book.past(now_ms, before, PAGE + 1, **own)
        past = found[:PAGE]
        return pages.page(
            "member_grants.html",
            title="Approvals",
            session=session,
            role=role_of(request),
            keys=keys_origin,
            asked=[each for each in standing if each.state is GrantState.PENDING],
            given=[each for each in standing if each.state is GrantState.APPROVED],
            past=past,
            unfolded=bool(before),
            said=said,
            names={grant.staff: await name_of(grant.staff) for grant in (*standing, *past)},
            before=found[PAGE - 1].sid if len(found) > PAGE else "",
        )

    async def now(looked: Looked) -> Now:
        now_ms, own = clock.now_ms(), {"staff": "", "tenant": looked.account, "state": ""}
        found = [*await book.standing(now_ms, **own), *await book.past(now_ms, "", PAGE + 1, **own)]
        return rows_by(lambda each: each.sid, found)

    async def state(request: Request) -> Response:
        return await answered(settled(await own(request), clock.now_ms()))

    async def look(request: Request) -> Response:
        await own(request)
        looked = await read_json(request, _Looked)
        who, value = approver(request), bytes_of(looked.value)
        return await answered(
            await look_at_grant(book, clock, request.path_params["sid"], who, value, looked.expires_ms)
        )

    async def sealed_keys(request: Request) -> Response:
        grant, asked = await own(request), await read_json(request, _Credential)
        reader = await reader_through(storage, keys, session_of(request), asked.credential)
        hours = {name: await hour_of(grant.account, name) for name in grant.scope.names}
        try:
            epochs = await keys.sealed_epochs(grant.account, asked.credential, sorted(set(hours.values())), reader)
        except KeyRefusedError:
            raise RefusedError("That opens nothing of this account.") from None
        return done(hours=hours, epochs={str(epoch): boxes_json(boxes) for epoch, boxes in epochs.items()})

    async def approve(request: Request) -> Response:
        await own(request)
        made = await read_json(request, _Sealed)
        sealed = SealedGrant(lid=bytes_of(made.lid), boxes={name: bytes_of(box) for name, box in made.boxes})
        try:
            grant = await approve_grant(
                *(book, grants, notes, clock, request.path_params["sid"], approver(request)),
                typed=made.typed,
                sealed=sealed,
            )
        except (KeyRefusedError, ValueError):
            raise RefusedError("The key service did not take these keys: the request has ended.") from None
        return await answered(grant)

    async def refuse(request: Request) -> Response:
        await own(request)
        return await answered(await refuse_grant(book, notes, clock, request.path_params["sid"], approver(request)))

    async def end(request: Request) -> Response:
        return await answered(await end_as_member(book, grants, clock, request.path_params["sid"], approver(request)))

    async def own(request: Request) -> Grant:
        grant = await book.grant(request.path_params["sid"])
        if grant is None or grant.tenant != session_of(request).account:
            raise AccessRefusedError(Refusal.UNKNOWN)
        return grant

    async def hour_of(account: str, name: str) -> int:
        hour = epoch_of(name)
        if hour is not None:
            return hour
        look_up = view.recording if is_recording(name) else view.call if is_call(name) else view.message
        row = await look_up(account, name)
        if row is None:
            raise RefusedError("One of these is there no more: refuse it.")
        return row.epoch

    async def answered(grant: Grant) -> Response:
        return done(grant=written(grant) | {"staff_name": await name_of(grant.staff)}, state=grant.state.value)

    async def name_of(staff: str) -> str:
        if staff == SHARED:
            return "whoever of staff has its code"
        found = await storage.run(lambda db: member_of(db, staff))
        return staff if found is None else found.name

    return [
        Followed("/grants", listed, now),
        Route("/grants/{sid}", told(state), methods=["GET"]),
        Route("/grants/{sid}/look", told(look), methods=["POST"]),
        Route("/grants/{sid}/keys", told(sealed_keys), methods=["POST"]),
        Route("/grants/{sid}/approve", told(approve), methods=["POST"]),
        Route("/grants/{sid}/refuse", told(refuse), methods=["POST"]),
        Route("/grants/{sid}/end", told(end), methods=["POST"]),
    ]


def approver(request: Request) -> Approver:
    """The member that asks, as who answers for their account."""
    session, approves = session_of(request), role_of(request).may(Role.APPROVER)
    return Approver(member=session.person, account=session.account, approves=approves, verified_ms=session.verified_ms)

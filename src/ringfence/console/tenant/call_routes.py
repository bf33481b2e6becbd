"""Calls for members: the list, and the timeline of one. From and To are opened by the key origin's frame alone."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ringfence.console.json_routes import answering, done, read_json
from ringfence.console.live.looked import Looked, Now, filter_of, rows_by
from ringfence.console.live.pages import Followed
from ringfence.console.pages import Pages
from ringfence.console.refusals import RefusedError
from ringfence.console.session_guard import session_of
from ringfence.console.tenant.calls import CallsWanted, TenantCalls, sealed_call
from ringfence.console.tenant.sealed_hours import Opener, SealedHours
from ringfence.console.tenant.told import Told, told_of
from ringfence.domain.call import Direction, Status


class _Page(msgspec.Struct, frozen=True):
    wanted: CallsWanted
    credential: str


def call_routes(
    pages: Pages, calls: TenantCalls, told: Told, hours: SealedHours, *, keys_origin: str
) -> list[BaseRoute]:
    """All of them are for a session of a member."""

    async def listed(request: Request) -> Response:
        return pages.page(
            "member_calls.html",
            title="Calls",
            session=session_of(request),
            keys=keys_origin,
            statuses=list(Status),
            directions=list(Direction),
        )

    async def now(looked: Looked) -> Now:
        found, _ = await calls.page(looked.account, filter_of(looked, CallsWanted))
        return rows_by(lambda each: each.sid, found)

    async def sealed(request: Request) -> Response:
        session, asked = session_of(request), await read_json(request, _Page)
        found, before = await calls.page(session.account, asked.wanted)
        return done(
            account=session.account,
            records=[msgspec.to_builtins(each) for each in found],
            epochs=await hours.of(session, asked.credential, (each.epoch for each in found)),
            before=before,
        )

    async def one(request: Request) -> Response:
        session, sid = session_of(request), request.path_params["sid"]
        if await calls.call(session.account, sid) is None:
            return pages.page("member_missing.html", 404, title="Calls", session=session, keys=keys_origin)
        return pages.page("member_record.html", title="Calls", session=session, keys=keys_origin, sid=sid)

    async def timeline(request: Request) -> Response:
        session, asked = session_of(request), await read_json(request, Opener)
        row = await calls.call(session.account, request.path_params["sid"])
        if row is None:
            raise RefusedError("There is no such call.", status=404)
        of = await calls.of(row)
        return done(
            account=session.account,
            record=msgspec.to_builtins(sealed_call(row)),
            epochs=await hours.of(session, asked.credential, (row.epoch, *(child.epoch for child in of.children))),
            told=msgspec.to_builtins(await told_of(told, session.account, row.sid)),
            **msgspec.to_builtins(of),
        )

    return [
        Followed("/calls", listed, now),
        Route("/calls/sealed", answering(sealed), methods=["POST"]),
        Route("/calls/{sid}", one, methods=["GET"]),
        Route("/calls/{sid}/sealed", answering(timeline), methods=["POST"]),
    ]

"""Texts for members: the list, and the timeline of one. Only the key origin's frame opens what they say."""

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
from ringfence.console.tenant.sealed_hours import Opener, SealedHours
from ringfence.console.tenant.told import Told, told_of
from ringfence.console.tenant.traffic import TenantTraffic, TextsWanted
from ringfence.domain.message import Direction, Status


class _Page(msgspec.Struct, frozen=True):
    wanted: TextsWanted
    credential: str


def text_routes(
    pages: Pages, traffic: TenantTraffic, told: Told, hours: SealedHours, *, keys_origin: str
) -> list[BaseRoute]:
    """All of them are for a session of a member."""

    async def listed(request: Request) -> Response:
        return pages.page(
            "member_texts.html",
            title="Texts",
            session=session_of(request),
            keys=keys_origin,
            statuses=list(Status),
            directions=list(Direction),
        )

    async def now(looked: Looked) -> Now:
        found, _ = await traffic.page(looked.account, filter_of(looked, TextsWanted))
        return rows_by(lambda each: each.sid, found)

    async def sealed(request: Request) -> Response:
        session, asked = session_of(request), await read_json(request, _Page)
        found, before = await traffic.page(session.account, asked.wanted)
        return done(
            account=session.account,
            records=[msgspec.to_builtins(each) for each in found],
            epochs=await hours.of(session, asked.credential, (each.epoch for each in found)),
            before=before,
        )

    async def one(request: Request) -> Response:
        session, sid = session_of(request), request.path_params["sid"]
        if await traffic.text(session.account, sid) is None:
            return pages.page("member_missing.html", 404, title="Texts", session=session, keys=keys_origin)
        return pages.page("member_record.html", title="Texts", session=session, keys=keys_origin, sid=sid)

    async def timeline(request: Request) -> Response:
        session, asked = session_of(request), await read_json(request, Opener)
        record = await traffic.text(session.account, request.path_params["sid"])
        if record is None:
            raise RefusedError("There is no such text.", status=404)
        return done(
            account=session.account,
            record=msgspec.to_builtins(record),
            epochs=await hours.of(session, asked.credential, [record.epoch]),
            trail=msgspec.to_builtins(await traffic.trail(session.account, record.sid)),
            told=msgspec.to_builtins(await told_of(told, session.account, record.sid)),
        )

    return [
        Followed("/texts", listed, now),
        Route("/texts/sealed", answering(sealed), methods=["POST"]),
        Route("/texts/{sid}", one, methods=["GET"]),
        Route("/texts/{sid}/sealed", answering(timeline), methods=["POST"]),
    ]

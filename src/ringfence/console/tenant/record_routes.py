"""Texts or calls for members: the list, and the timeline of one. Only the key origin's frame opens what they hold."""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ringfence.console.json_routes import answering, decoded, done, read_json
from ringfence.console.live.looked import Looked, Now, filter_of, rows_by
from ringfence.console.live.pages import Followed
from ringfence.console.pages import Pages
from ringfence.console.refusals import RefusedError
from ringfence.console.session_guard import session_of
from ringfence.console.tenant.doors import Door
from ringfence.console.tenant.record_kinds import RecordKind
from ringfence.console.tenant.roles import role_of
from ringfence.console.tenant.sealed_hours import Opener, SealedHours


class _Page(msgspec.Struct, frozen=True):
    wanted: msgspec.Raw
    credential: str


def record_routes(
    kind: RecordKind, door: Door, pages: Pages, hours: SealedHours, *, keys_origin: str
) -> list[BaseRoute]:
    """All of them are for a session of a member, below `door.at`."""
    at, title = f"{door.at}/{kind.name}", kind.name.capitalize()

    async def shown(name: str, request: Request, **values: Any) -> Response:
        whose = await door.find(request)
        status = 404 if whose is None or name == "member_missing.html" else 200
        of = {"title": "Subaccounts" if door.at else title, "session": session_of(request), "keys": keys_origin}
        page = "member_missing.html" if status == 404 else name
        return pages.page(page, status, **of, role=role_of(request), whose=whose, kind=kind.name, **values)

    async def listed(request: Request) -> Response:
        return await shown(
            "member_records.html", request, statuses=list(kind.statuses), directions=list(kind.directions)
        )

    async def now(looked: Looked) -> Now:
        account = await door.account(looked)
        found = [] if account is None else (await kind.page(account, filter_of(looked, kind.wanted)))[0]
        return rows_by(lambda each: each.sid, found)

    async def sealed(request: Request) -> Response:
        asked, whose = await read_json(request, _Page), await door.open(request)
        found, before = await kind.page(whose.account, decoded(asked.wanted, kind.wanted))
        epochs = (each.epoch for each in found)
        return done(
            account=whose.account,
            records=msgspec.to_builtins(found),
            epochs=await hours.of(session_of(request), asked.credential, epochs, whose.child),
            before=before,
        )

    async def one(request: Request) -> Response:
        whose, sid = await door.find(request), request.path_params["sid"]
        is_there = whose is not None and await kind.has(whose.account, sid)
        return await shown("member_record.html" if is_there else "member_missing.html", request, sid=sid)

    async def timeline(request: Request) -> Response:
        asked, whose = await read_json(request, Opener), await door.open(request)
        whole = await kind.whole(whose.account, request.path_params["sid"])
        if whole is None:
            raise RefusedError(f"There is no such {kind.one}.", status=404)
        return done(
            account=whose.account,
            record=msgspec.to_builtins(whole.record),
            epochs=await hours.of(session_of(request), asked.credential, whole.hours, whose.child),
            **msgspec.to_builtins(whole.more),
        )

    return [
        Followed(at, listed, now),
        Route(f"{at}/sealed", answering(sealed), methods=["POST"]),
        Route(at + "/{sid}", one, methods=["GET"]),
        Route(at + "/{sid}/sealed", answering(timeline), methods=["POST"]),
    ]

"""Enrolling by a link: what the key origin's own page asks of the console, from its origin and from no other."""

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from ringfence.console.json_routes import Handler, answering, done, read_json
from ringfence.console.session_guard import BODY_MAX_BYTES
from ringfence.console.tenant.members import Members
from ringfence.console.tenant.slot_json import SlotJson, asked_json, read_slot
from ringfence.domain.passkeys.answers import RegistrationJson, read_registration


class _Link(msgspec.Struct, frozen=True):
    account: str
    link: str


class _Made(msgspec.Struct, frozen=True):
    ceremony: str
    answer: RegistrationJson
    slot: SlotJson


def create_enrol_app(members: Members, keys_origin: str) -> ASGIApp:
    """POST /enrol/options and POST /enrol. Whoever asks has no session, and gets no cookie."""
    told = {"access-control-allow-origin": keys_origin, "vary": "origin"}

    async def begin(request: Request) -> Response:
        link = await read_json(request, _Link)
        return done(**asked_json(await members.begin_enrolling(link.account, link.link)))

    async def finish(request: Request) -> Response:
        made = await read_json(request, _Made)
        await members.finish(made.ceremony, read_registration(made.answer), read_slot(made.slot), None)
        return done()

    def from_key_origin(handler: Handler) -> Handler:
        async def answer(request: Request) -> Response:
            if request.headers.get("origin") != keys_origin:
                return JSONResponse({"error": "Requests from other origins are refused."}, 403)
            if request.method == "OPTIONS":
                asks = {"access-control-allow-methods": "POST", "access-control-allow-headers": "content-type"}
                return Response(status_code=204, headers=told | asks)
            if int(request.headers.get("content-length") or BODY_MAX_BYTES + 1) > BODY_MAX_BYTES:
                return JSONResponse({"error": f"A body may hold {BODY_MAX_BYTES} bytes."}, 413, told)
            response = await answering(handler)(request)
            response.headers.update(told)
            return response

        return answer

    return Starlette(
        routes=[
            Route("/enrol/options", from_key_origin(begin), methods=["POST", "OPTIONS"]),
            Route("/enrol", from_key_origin(finish), methods=["POST", "OPTIONS"]),
        ]
    )

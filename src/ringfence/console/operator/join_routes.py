"""Becoming staff by a link."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ringfence.console.json_routes import answering, done, read_json
from ringfence.console.operator.staff import Staff
from ringfence.console.pages import Pages
from ringfence.console.standstill import Standstill
from ringfence.domain.clock import Clock
from ringfence.domain.passkeys.answers import RegistrationJson, read_registration

# All of these: whoever asks has no session yet.
OPEN = (("GET", "/join"), ("POST", "/join"), ("POST", "/join/options"))


class _Secret(msgspec.Struct, frozen=True):
    secret: str


class _Made(msgspec.Struct, frozen=True):
    ceremony: str
    answer: RegistrationJson


def join_routes(pages: Pages, staff: Staff, standstill: Standstill, clock: Clock) -> list[BaseRoute]:
    """The link's secret stands after #, so it comes in a body alone. Nobody joins where everything is frozen."""

    async def page(request: Request) -> Response:
        return pages.page("join.html", title="Join")

    async def begin(request: Request) -> Response:
        ceremony, options = await staff.begin_joining((await read_json(request, _Secret)).secret)
        return done(ceremony=ceremony, options=options)

    async def join(request: Request) -> Response:
        made = await read_json(request, _Made)
        await standstill.check_staff()
        member = await staff.join(made.ceremony, read_registration(made.answer))
        return done(waits=member.active_ms > clock.now_ms())

    return [
        Route("/join", page, methods=["GET"]),
        Route("/join/options", answering(begin), methods=["POST"]),
        Route("/join", answering(join), methods=["POST"]),
    ]

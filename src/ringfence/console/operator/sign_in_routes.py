"""Signing in and out, joining, and showing a passkey again."""

from importlib import resources

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from ringfence.console.json_routes import answering, done, read_json
from ringfence.console.operator.sign_in import StaffSignIn
from ringfence.console.operator.staff import Staff
from ringfence.console.pages import Pages
from ringfence.console.request_signature import PublicJwk
from ringfence.console.session_guard import OpenPaths, delete_cookie, session_of, set_cookie
from ringfence.console.sessions import Sessions
from ringfence.domain.clock import Clock
from ringfence.domain.passkeys.answers import (
    AuthenticationJson,
    RegistrationJson,
    read_authentication,
    read_registration,
)
from ringfence.pages.static_page import StaticPage
from ringfence.ports.access_notes import OPERATOR, AccessNotes
from ringfence.ports.grants import GrantKeys

OPEN = OpenPaths(
    [
        ("GET", "/healthz"),
        ("GET", "/worker.js"),
        ("GET", "/sign-in"),
        ("POST", "/sign-in"),
        ("POST", "/sign-in/options"),
        ("GET", "/join"),
        ("POST", "/join"),
        ("POST", "/join/options"),
    ],
    below=["/assets/"],
)


class _Key(msgspec.Struct, frozen=True):
    key: PublicJwk


class _Shown(msgspec.Struct, frozen=True):
    ceremony: str
    answer: AuthenticationJson


class _Secret(msgspec.Struct, frozen=True):
    secret: str


class _Made(msgspec.Struct, frozen=True):
    ceremony: str
    answer: RegistrationJson


def sign_in_routes(
    pages: Pages,
    sign_in: StaffSignIn,
    staff: Staff,
    sessions: Sessions,
    notes: AccessNotes,
    grants: GrantKeys,
    clock: Clock,
    origin: str,
) -> list[BaseRoute]:
    """Those that `OPEN` lists, and those of a session that concern itself."""
    files = StaticPage(resources.files("ringfence.console").joinpath("static"))

    async def asset(request: Request) -> Response:
        return files.answer(request, request.path_params["name"])

    async def worker(request: Request) -> Response:
        return files.answer(request, "worker.js")

    async def health(request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def sign_in_page(request: Request) -> Response:
        return pages.page("sign_in.html", title="Sign in")

    async def join_page(request: Request) -> Response:
        return pages.page("join.html", title="Join")

    async def begin(request: Request) -> Response:
        ceremony, options = sign_in.begin((await read_json(request, _Key)).key)
        return done(ceremony=ceremony, options=options, now_ms=clock.now_ms())

    async def finish(request: Request) -> Response:
        shown = await read_json(request, _Shown)
        _, cookie = await sign_in.finish(shown.ceremony, read_authentication(shown.answer))
        response = done()
        set_cookie(response, origin, cookie)
        return response

    async def begin_again(request: Request) -> Response:
        ceremony, options = await sign_in.begin_again(session_of(request))
        return done(ceremony=ceremony, options=options)

    async def finish_again(request: Request) -> Response:
        shown = await read_json(request, _Shown)
        await sign_in.finish_again(session_of(request), shown.ceremony, read_authentication(shown.answer))
        return done()

    async def sign_out(request: Request) -> Response:
        session = session_of(request)
        await sessions.end("staff", session.id)
        await notes.note(OPERATOR, session.actor, "sign_out", (session.scope,))
        await grants.end_grants(session.actor, session=session.id)
        response = done()
        delete_cookie(response, origin)
        return response

    async def begin_joining(request: Request) -> Response:
        ceremony, options = await staff.begin_joining((await read_json(request, _Secret)).secret)
        return done(ceremony=ceremony, options=options)

    async def join(request: Request) -> Response:
        made = await read_json(request, _Made)
        member = await staff.join(made.ceremony, read_registration(made.answer))
        return done(waits=member.active_ms > clock.now_ms())

    return [
        Route("/healthz", health, methods=["GET"]),
        Route("/worker.js", worker, methods=["GET"]),
        Route("/assets/{name}", asset, methods=["GET"]),
        Route("/sign-in", sign_in_page, methods=["GET"]),
        Route("/sign-in/options", answering(begin), methods=["POST"]),
        Route("/sign-in", answering(finish), methods=["POST"]),
        Route("/join", join_page, methods=["GET"]),
        Route("/join/options", answering(begin_joining), methods=["POST"]),
        Route("/join", answering(join), methods=["POST"]),
        Route("/verify/options", answering(begin_again), methods=["POST"]),
        Route("/verify", answering(finish_again), methods=["POST"]),
        Route("/sign-out", answering(sign_out), methods=["POST"]),
    ]

"""Signing in and out, and showing a passkey again, as both consoles have it; and the files of their pages."""

from collections.abc import Awaitable, Callable
from importlib import resources
from typing import Any

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from ringfence.console.json_routes import answering, done, read_json
from ringfence.console.passkey_book import KeptPasskey
from ringfence.console.request_signature import PublicJwk
from ringfence.console.session_guard import delete_cookie, session_of, set_cookie
from ringfence.console.sessions import Session, Sessions
from ringfence.console.sign_in import SignIn
from ringfence.domain.clock import Clock
from ringfence.domain.passkeys.answers import AuthenticationJson, read_authentication
from ringfence.pages.static_page import StaticPage
from ringfence.ports.access_notes import OPERATOR, AccessNotes

_log = structlog.get_logger(__name__)

# What is done once a session has ended, and told to its browser. No ConnectionError: its person is out by then.
After = Callable[[], Awaitable[dict[str, Any]]]

# What of these needs no session.
OPEN = (
    ("GET", "/healthz"),
    ("GET", "/worker.js"),
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("POST", "/sign-in/options"),
)
OPEN_BELOW = ("/assets/",)


class _Key(msgspec.Struct, frozen=True):
    key: PublicJwk


class _Shown(msgspec.Struct, frozen=True):
    ceremony: str
    answer: AuthenticationJson


async def _nothing(_: Session, __: KeptPasskey) -> dict[str, Any]:
    return {}


def sign_in_routes(
    page: Callable[[], Awaitable[Response]],
    sign_in: SignIn,
    sessions: Sessions,
    notes: AccessNotes,
    clock: Clock,
    origin: str,
    *,
    opened: Callable[[Session, KeptPasskey], Awaitable[dict[str, Any]]] = _nothing,
    leaving: Callable[[Session], Awaitable[After]],
) -> list[BaseRoute]:
    """`page` is where people sign in. `opened` is said of a passkey that was taken; `leaving` is asked before a session
    that is signed out ends, and what it answers after."""
    files = StaticPage(resources.files("ringfence.console").joinpath("static"))

    async def asset(request: Request) -> Response:
        return files.answer(request, request.path_params["name"])

    async def worker(request: Request) -> Response:
        return files.answer(request, "worker.js")

    async def health(request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def shown(request: Request) -> Response:
        return await page()

    async def begin(request: Request) -> Response:
        ceremony, options = sign_in.begin((await read_json(request, _Key)).key)
        return done(ceremony=ceremony, options=options, now_ms=clock.now_ms())

    async def finish(request: Request) -> Response:
        answered = await read_json(request, _Shown)
        session, cookie, kept = await sign_in.finish(answered.ceremony, read_authentication(answered.answer))
        response = done(**await opened(session, kept))
        set_cookie(response, origin, cookie)
        return response

    async def begin_again(request: Request) -> Response:
        ceremony, options = await sign_in.begin_again(session_of(request))
        return done(ceremony=ceremony, options=options)

    async def finish_again(request: Request) -> Response:
        answered, session = await read_json(request, _Shown), session_of(request)
        kept = await sign_in.finish_again(session, answered.ceremony, read_authentication(answered.answer))
        return done(**await opened(session, kept))

    async def sign_out(request: Request) -> Response:
        session = session_of(request)
        left = await leaving(session)
        # Access goes first: a ledger that cannot be written keeps nobody signed in.
        await sessions.end(session.kind, session.id)
        try:
            await notes.note(session.account or OPERATOR, session.actor, "sign_out", (session.scope,))
        except ConnectionError:
            _log.warning("console.sign_out_unwritten", session=session.id)
        response = done(**await left())
        delete_cookie(response, origin)
        return response

    return [
        Route("/healthz", health, methods=["GET"]),
        Route("/worker.js", worker, methods=["GET"]),
        Route("/assets/{name}", asset, methods=["GET"]),
        Route("/sign-in", shown, methods=["GET"]),
        Route("/sign-in/options", answering(begin), methods=["POST"]),
        Route("/sign-in", answering(finish), methods=["POST"]),
        Route("/verify/options", answering(begin_again), methods=["POST"]),
        Route("/verify", answering(finish_again), methods=["POST"]),
        Route("/sign-out", answering(sign_out), methods=["POST"]),
    ]

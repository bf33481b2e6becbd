"""Members sign in and out, and show a passkey again."""

from importlib import resources
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from ringfence.console.json_routes import answering, done, read_json
from ringfence.console.pages import Pages
from ringfence.console.request_signature import PublicJwk
from ringfence.console.session_guard import OpenPaths, delete_cookie, session_of, set_cookie
from ringfence.console.sessions import Sessions
from ringfence.console.tenant.sign_in import MemberSignIn, Opening
from ringfence.console.tenant.slot_json import boxes_json
from ringfence.domain.clock import Clock
from ringfence.domain.passkeys.answers import AuthenticationJson, read_authentication
from ringfence.pages.static_page import StaticPage
from ringfence.ports.access_notes import AccessNotes

OPEN = OpenPaths(
    [
        ("GET", "/healthz"),
        ("GET", "/worker.js"),
        ("GET", "/sign-in"),
        ("POST", "/sign-in"),
        ("POST", "/sign-in/options"),
    ],
    below=["/assets/"],
)


class _Key(msgspec.Struct, frozen=True):
    key: PublicJwk


class _Shown(msgspec.Struct, frozen=True):
    ceremony: str
    answer: AuthenticationJson


class _Credential(msgspec.Struct, frozen=True):
    credential: str


def sign_in_routes(
    pages: Pages,
    sign_in: MemberSignIn,
    sessions: Sessions,
    notes: AccessNotes,
    clock: Clock,
    *,
    origin: str,
    keys_origin: str,
) -> list[BaseRoute]:
    """Those that `OPEN` lists, and those of a session that concern itself."""
    files = StaticPage(resources.files("ringfence.console").joinpath("static"))

    async def asset(request: Request) -> Response:
        return files.answer(request, request.path_params["name"])

    async def worker(request: Request) -> Response:
        return files.answer(request, "worker.js")

    async def health(request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def page(request: Request) -> Response:
        return pages.page("member_sign_in.html", title="Sign in", keys=keys_origin)

    async def begin(request: Request) -> Response:
        ceremony, options = sign_in.begin((await read_json(request, _Key)).key)
        return done(ceremony=ceremony, options=options, now_ms=clock.now_ms())

    async def finish(request: Request) -> Response:
        shown = await read_json(request, _Shown)
        cookie, opening = await sign_in.finish(shown.ceremony, read_authentication(shown.answer))
        response = done(**_opening(opening))
        set_cookie(response, origin, cookie)
        return response

    async def begin_again(request: Request) -> Response:
        ceremony, options = await sign_in.begin_again(session_of(request))
        return done(ceremony=ceremony, options=options)

    async def finish_again(request: Request) -> Response:
        shown = await read_json(request, _Shown)
        answer = read_authentication(shown.answer)
        return done(**_opening(await sign_in.finish_again(session_of(request), shown.ceremony, answer)))

    async def boxes(request: Request) -> Response:
        session, credential = session_of(request), (await read_json(request, _Credential)).credential
        return done(boxes=boxes_json(await sign_in.boxes_of(session, credential)))

    async def sign_out(request: Request) -> Response:
        session = session_of(request)
        await sessions.end("member", session.id)
        await notes.note(session.account, session.actor, "sign_out", (session.scope,))
        response = done()
        delete_cookie(response, origin)
        return response

    return [
        Route("/healthz", health, methods=["GET"]),
        Route("/worker.js", worker, methods=["GET"]),
        Route("/assets/{name}", asset, methods=["GET"]),
        Route("/sign-in", page, methods=["GET"]),
        Route("/sign-in/options", answering(begin), methods=["POST"]),
        Route("/sign-in", answering(finish), methods=["POST"]),
        Route("/verify/options", answering(begin_again), methods=["POST"]),
        Route("/verify", answering(finish_again), methods=["POST"]),
        Route("/boxes", answering(boxes), methods=["POST"]),
        Route("/sign-out", answering(sign_out), methods=["POST"]),
    ]


def _opening(opening: Opening) -> dict[str, Any]:
    return {"account": opening.account, "credential": opening.credential, "boxes": boxes_json(opening.boxes)}

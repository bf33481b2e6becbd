"""The page on which somebody takes an invitation: static files of this package, and the one request they make.

What is answered is told once, to that browser. The link's secret is behind `#` and comes in a body, so that no log, no
proxy and no preview of a link has it.
"""

import asyncio
from importlib import resources

import msgspec
import structlog
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from ringfence.domain.clock import Clock
from ringfence.pages.static_page import StaticPage
from ringfence.ports.freezes import FrozenError
from ringfence.ports.keys import TenantKeys
from ringfence.ports.store import StoreFailedError
from ringfence.usecases.accounts.invitation import InvitedStore, SpentInVainError, take_invitation

PREFIX = "/invite"
MAX_BYTES = 1_024
BODY_WITHIN_S = 15.0
_ONCE = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
_log = structlog.get_logger(__name__)


class Taking(msgspec.Struct, frozen=True):
    """What the page sends."""

    secret: str

    def __repr__(self) -> str:
        return "Taking(…)"


def invite_files() -> StaticPage:
    """The page's files."""
    return StaticPage(resources.files(__package__).joinpath("invite"))


def invite_page(store: InvitedStore, keys: TenantKeys, clock: Clock) -> ASGIApp:
    """GET /invite and what it loads; POST /invite/take: 201 once, 404 for what is no invitation any more or never was.

    415 for a body that is not JSON by its type, which a page of another origin cannot send unasked; 400 for one that
    says no secret. 503 where the invitation is as good as before, 500 where it was used up in vain.
    """
    page = invite_files()

    async def serve_index(request: Request) -> Response:
        return page.answer(request)

    async def serve_file(request: Request) -> Response:
        return page.answer(request, request.path_params["name"])

    async def take(request: Request) -> Response:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return JSONResponse({"error": "not JSON"}, 415, _ONCE)
        asked = await _asked(request)
        if asked is None:
            return JSONResponse({"error": "no secret"}, 400, _ONCE)
        try:
            made = await take_invitation(store, keys, clock, secret=asked.secret)
        except SpentInVainError as error:
            _log.error("invitation used up in vain", cause=str(error))
            return JSONResponse({"error": "used up in vain"}, 500, _ONCE)
        except (ConnectionError, FrozenError, StoreFailedError):
            return JSONResponse({"error": "not now"}, 503, _ONCE)
        if made is None:
            return JSONResponse({"error": "no such invitation"}, 404, _ONCE)
        return Response(msgspec.json.encode(made), 201, _ONCE, "application/json")

    return Starlette(
        routes=[
            Route(PREFIX, serve_index, methods=["GET"]),
            Route(f"{PREFIX}/assets/{{name}}", serve_file, methods=["GET"]),
            Route(f"{PREFIX}/take", take, methods=["POST"]),
        ]
    )


async def _asked(request: Request) -> Taking | None:
    body = b""
    try:
        async with asyncio.timeout(BODY_WITHIN_S):
            async for part in request.stream():
                body += part
                if len(body) > MAX_BYTES:
                    return None
        return msgspec.json.decode(body, type=Taking)
    except (TimeoutError, ClientDisconnect, msgspec.DecodeError):
        return None

"""The drills' OpenID provider behind a real HTTP server, with the two pages that a person sees of one."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from urllib.parse import parse_qs, urlencode

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from tests.browser.key_origin import free_port

from ringfence.domain.clock import SystemClock
from ringfence.drills.openid_provider import OpenIdProvider
from ringfence.ports.http import HttpRequest

PAGE = """<!doctype html><html lang="en"><title>Acme</title><h1>{title}</h1>
<form action="{action}"><input type="hidden" name="asked" value="{asked}"><button>{button}</button></form></html>"""


@contextmanager
def openid_server() -> Iterator[OpenIdProvider]:
    """On a port of 127.0.0.1, until the end."""
    port = free_port()
    provider = OpenIdProvider(f"http://127.0.0.1:{port}", SystemClock().now_ms)
    server = uvicorn.Server(
        uvicorn.Config(app_of(provider), port=port, lifespan="off", log_config=None, timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.should_exit = True
        thread.join(10)


def app_of(provider: OpenIdProvider) -> Starlette:
    async def asked_by_programs(request: Request) -> Response:
        answer = await provider.send(
            HttpRequest(
                method=request.method,
                url=str(request.url),
                headers=(),
                body=await request.body(),
                total_ms=1_000,
                max_body_bytes=1 << 16,
                owner="",
            )
        )
        return Response(answer.body, answer.status, media_type="application/json")

    def page(title: str, action: str, button: str) -> object:
        async def shown(request: Request) -> Response:
            asked = escape(str(request.url), quote=True)
            return HTMLResponse(PAGE.format(title=title, action=action, button=button, asked=asked))

        return shown

    async def signed_in(request: Request) -> Response:
        address = request.query_params["asked"]
        came = provider.authorize(address)
        (back,) = parse_qs(address.partition("?")[2])["redirect_uri"]
        return RedirectResponse(f"{back}?{urlencode(came)}", 302)

    async def left(request: Request) -> Response:
        asked = parse_qs(request.query_params["asked"].partition("?")[2])
        assert asked["id_token_hint"]
        return RedirectResponse(asked["post_logout_redirect_uri"][0], 302)

    return Starlette(
        routes=[
            *(
                Route(path, asked_by_programs, methods=["GET", "POST"])
                for path in ("/.well-known/openid-configuration", "/keys", "/token")
            ),
            Route("/authorize", page("Sign in at Acme", "/signed-in", "Sign in with my key")),
            Route("/signed-in", signed_in),
            Route("/leave", page("Leave Acme", "/left", "Sign out")),
            Route("/left", left),
        ]
    )

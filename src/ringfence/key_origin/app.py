"""The key origin over HTTP: static files alone, under policies that let them talk to nobody but who they serve.

`/frame` is the page that consoles frame: it loads the bundle, connects to nobody else, and is framed by those consoles
alone. `/installation.json` tells it the key service's public key for grants, which no console may name. `/enrol` is a
page of its own, framed by nobody, that a link opens: it connects to the tenants' console. No answer has a cookie, and
nothing that comes with a request is kept. Source: CSP Level 3; W3C Trusted Types; Permissions Policy.
"""

from collections.abc import Callable, Sequence
from importlib import resources
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from ringfence.domain.base64url import encode_base64url
from ringfence.key_origin.bundle_files import bundle_hash
from ringfence.pages.static_page import StaticPage

FRAME: Final = "frame.html"
ENROL: Final = "enrol.html"


def create_key_origin(framed_by: Sequence[str], console: str, *, grant_keeper: Callable[[], bytes]) -> ASGIApp:
    """`framed_by` are the origins of the consoles, `console` is the tenants': each https://host[:port].

    `grant_keeper` gives the key service's public key of now: `ports.grants.GrantKeys.grant_keeper`.
    """
    frame = _headers(connect="'self'", ancestors=" ".join(framed_by))
    enrol = _headers(connect=f"'self' {console}", ancestors="'none'")

    def headers(request: Request) -> dict[str, str]:
        return enrol if request.url.path == "/enrol" else frame

    files = StaticPage(resources.files(__package__).joinpath("bundle"), headers)
    told = {
        "console": console,
        "bundle": bundle_hash(files.files),
    }

    async def page(request: Request) -> Response:
        return files.answer(request, ENROL if request.url.path == "/enrol" else FRAME)

    async def part(request: Request) -> Response:
        return files.answer(request, request.path_params["name"])

    async def installation(request: Request) -> Response:
        present = told | {"grant_keeper": encode_base64url(grant_keeper())}
        return JSONResponse(present, headers={"cache-control": "no-cache", "x-content-type-options": "nosniff"})

    async def health(request: Request) -> Response:
        return PlainTextResponse("ok\n")

    return Starlette(
        routes=[
            Route("/frame", page, methods=["GET"]),
            Route("/enrol", page, methods=["GET"]),
            Route("/installation.json", installation, methods=["GET"]),
            Route("/healthz", health, methods=["GET"]),
            Route("/bundle/{name:path}", part, methods=["GET"]),
        ]
    )


def _headers(*, connect: str, ancestors: str) -> dict[str, str]:
    return {
        "cache-control": "no-cache",
        "content-security-policy": (
            f"default-src 'none'; script-src 'self'; style-src 'self'; connect-src {connect}; media-src blob:; "
            f"base-uri 'none'; form-action 'none'; frame-ancestors {ancestors}; "
            "require-trusted-types-for 'script'; trusted-types 'none'"
        ),
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "origin-agent-cluster": "?1",
        "permissions-policy": (
            "camera=(), geolocation=(), microphone=(), "
            "publickey-credentials-create=(self), publickey-credentials-get=(self)"
        ),
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
    }

"""The timeline page: static files of this package under a policy that runs nothing else.

No inline script or style, no markup from strings (Trusted Types), nothing from other origins. What it shows it reads
through the API, with the reader's own credential. Source: CSP Level 3; W3C Trusted Types.
"""

import hashlib
from collections.abc import Callable
from importlib import resources

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from ringfence.api.parcels import Parcels

PREFIX = "/timeline"
PAGE_HEADERS = {
    "cache-control": "no-cache",
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
MEDIA_TYPES = {
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
}
INDEX = "index.html"


class PageFile(msgspec.Struct, frozen=True):
    """One file as it is served."""

    content: bytes
    media_type: str
    etag: str


def load_page_files() -> dict[str, PageFile]:
    """The page's files by name."""
    files: dict[str, PageFile] = {}
    for entry in resources.files(__package__).joinpath("timeline").iterdir():
        media_type = MEDIA_TYPES.get(entry.name.rpartition(".")[2])
        if media_type is not None:
            content = entry.read_bytes()
            files[entry.name] = PageFile(content, media_type, f'"{hashlib.sha256(content).hexdigest()[:32]}"')
    return files


def timeline_page(parcels: Parcels, now_ms: Callable[[], int]) -> ASGIApp:
    """GET /timeline/{MessageSid} and what it loads; POST /timeline/parcels/{id}, which gives a parcel away once."""
    files = load_page_files()

    async def serve_index(request: Request) -> Response:
        return _answer(request, files[INDEX])

    async def serve_file(request: Request) -> Response:
        file = files.get(request.path_params["name"])
        return Response("Not found.\n", 404, PAGE_HEADERS, "text/plain") if file is None else _answer(request, file)

    async def give_parcel(request: Request) -> Response:
        sealed = parcels.take(request.path_params["id"], now_ms())
        headers = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
        return JSONResponse({"sealed": sealed}, 404 if sealed is None else 200, headers)

    return Starlette(
        routes=[
            Route(f"{PREFIX}/assets/{{name}}", serve_file, methods=["GET"]),
            Route(f"{PREFIX}/parcels/{{id}}", give_parcel, methods=["POST"]),
            Route(PREFIX, serve_index, methods=["GET"]),
            Route(f"{PREFIX}/{{sid}}", serve_index, methods=["GET"]),
        ]
    )


def _answer(request: Request, file: PageFile) -> Response:
    headers = {**PAGE_HEADERS, "etag": file.etag}
    if request.headers.get("if-none-match") == file.etag:
        return Response(status_code=304, headers=headers)
    return Response(file.content, 200, headers, file.media_type)

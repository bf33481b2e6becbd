"""The Phones page: static files of this package under a policy that runs nothing else.

No inline script or style, no markup from strings (Trusted Types), nothing from other origins: a text can show
whatever it likes and runs nothing. Source: CSP Level 3; W3C Trusted Types, section "require-trusted-types-for".
"""

import hashlib
from importlib import resources

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

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
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
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
    for entry in resources.files(__package__).joinpath("phones").iterdir():
        media_type = MEDIA_TYPES.get(f".{entry.name.rpartition('.')[2]}")
        if media_type is not None:
            content = entry.read_bytes()
            files[entry.name] = PageFile(content, media_type, f'"{hashlib.sha256(content).hexdigest()[:32]}"')
    return files


def page_routes() -> list[Route]:
    """GET /phones and what it loads."""
    files = load_page_files()

    async def serve_file(request: Request) -> Response:
        file = files.get(request.path_params.get("name", INDEX))
        if file is None:
            return Response("Not found.\n", 404, PAGE_HEADERS, "text/plain")
        headers = {**PAGE_HEADERS, "etag": file.etag}
        if request.headers.get("if-none-match") == file.etag:
            return Response(status_code=304, headers=headers)
        return Response(file.content, 200, headers, file.media_type)

    return [
        Route("/phones", serve_file, methods=["GET"]),
        Route("/phones/", serve_file, methods=["GET"]),
        Route("/phones/{name}", serve_file, methods=["GET"]),
    ]

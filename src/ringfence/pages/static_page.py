"""A page of static files, under a policy that runs nothing but the page's own modules.

No inline script or style, no markup from strings (Trusted Types), nothing from other origins: what a page shows can be
whatever it likes and runs nothing. Source: CSP Level 3; W3C Trusted Types, section "require-trusted-types-for".
"""

import hashlib
from importlib.resources.abc import Traversable

from starlette.requests import Request
from starlette.responses import Response

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


class StaticPage:
    """The files of a folder, read once: `files` by name. Those of other kinds than `MEDIA_TYPES` are not the page's."""

    def __init__(self, folder: Traversable) -> None:
        self.files = {
            entry.name: entry.read_bytes() for entry in folder.iterdir() if _suffix(entry.name) in MEDIA_TYPES
        }
        self._tags = {name: f'"{hashlib.sha256(data).hexdigest()[:32]}"' for name, data in self.files.items()}

    def answer(self, request: Request, name: str = INDEX) -> Response:
        """A file by its name: 200, 304 where the browser has it, 404 for a name that is none of the page's."""
        content = self.files.get(name)
        if content is None:
            return Response("Not found.\n", 404, PAGE_HEADERS, "text/plain")
        headers = {**PAGE_HEADERS, "etag": self._tags[name]}
        if request.headers.get("if-none-match") == self._tags[name]:
            return Response(status_code=304, headers=headers)
        return Response(content, 200, headers, MEDIA_TYPES[_suffix(name)])


def _suffix(name: str) -> str:
    return name.rpartition(".")[2]

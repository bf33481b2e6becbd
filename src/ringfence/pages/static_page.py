"""A page of static files, under a policy that runs nothing but the page's own modules.

No inline script or style, no markup from strings (Trusted Types), nothing from other origins: what a page shows can be
whatever it likes and runs nothing. Source: CSP Level 3; W3C Trusted Types, section "require-trusted-types-for".
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
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


def headers_of_calls(sockets: Sequence[str]) -> dict[str, str]:
    """The page's headers where it may open these WebSockets (`ws://host:port`) and the microphone."""
    policy = PAGE_HEADERS["content-security-policy"]
    opened = " ".join(["connect-src 'self'", *sockets])
    return {
        **PAGE_HEADERS,
        "content-security-policy": policy.replace("connect-src 'self'", opened),
        "permissions-policy": PAGE_HEADERS["permissions-policy"].replace("microphone=()", "microphone=(self)"),
    }


class StaticPage:
    """The files of a folder and those below it, read once: `files` by name, `softphone/call.js` for one below.

    Those of other kinds than `MEDIA_TYPES` are not the page's. `headers` gives those of an answer to a request.
    """

    def __init__(
        self, folder: Traversable, headers: Callable[[Request], dict[str, str]] = lambda request: PAGE_HEADERS
    ) -> None:
        self.files = dict(_files(folder, ""))
        self._headers = headers
        self._tags = {name: f'"{hashlib.sha256(data).hexdigest()[:32]}"' for name, data in self.files.items()}

    def answer(self, request: Request, name: str = INDEX) -> Response:
        """A file by its name: 200, 304 where the browser has it, 404 for a name that is none of the page's."""
        content = self.files.get(name)
        page = self._headers(request)
        if content is None:
            return Response("Not found.\n", 404, page, "text/plain")
        headers = {**page, "etag": self._tags[name]}
        if request.headers.get("if-none-match") == self._tags[name]:
            return Response(status_code=304, headers=headers)
        return Response(content, 200, headers, MEDIA_TYPES[_suffix(name)])


def _files(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _files(entry, f"{prefix}{entry.name}/")
        elif _suffix(entry.name) in MEDIA_TYPES:
            yield f"{prefix}{entry.name}", entry.read_bytes()


def _suffix(name: str) -> str:
    return name.rpartition(".")[2]

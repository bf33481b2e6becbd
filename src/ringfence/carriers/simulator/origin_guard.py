"""Keeps other web sites out of the simulator's HTTP interface, whatever name they point at this machine.

A page elsewhere may send requests here, or have its own name resolve to 127.0.0.1 (DNS rebinding). So: the Host must
be one of ours, what changes something must come from our own origin or from no page at all, and what has a body must
be JSON, which another site's form cannot send. No CORS header is ever given, so another origin reads nothing.
"""

import re
from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from ringfence.carriers.simulator.answers import refusal

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})
MAX_BODY_BYTES = 64 << 10
SAFE_METHODS = frozenset({"GET", "HEAD"})
_AUTHORITY = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:[0-9]{1,5})?")


class OriginGuard:
    """ASGI middleware. `hosts` are names besides this machine's own under which the page may be opened."""

    def __init__(self, app: ASGIApp, hosts: Iterable[str] = ()) -> None:
        self._app = app
        self._hosts = LOCAL_HOSTS | {host.lower() for host in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (refused := self._refused(scope["method"], Headers(scope=scope))) is not None:
            await refusal(*refused)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _refused(self, method: str, headers: Headers) -> tuple[int, str] | None:
        host = headers.get("host", "").lower()
        authority = _AUTHORITY.fullmatch(host)
        if len(headers.getlist("host")) != 1 or authority is None or authority[1] not in self._hosts:
            return 403, "This Host is not served here. Open the page as localhost, or set base_url to the name you use."
        if method in SAFE_METHODS:
            return None
        origin = headers.get("origin")
        if origin is not None and origin.lower() not in (f"http://{host}", f"https://{host}"):
            return 403, "Requests from other origins are refused."
        if headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
            return 403, "Requests from other sites are refused."
        if "transfer-encoding" in headers:
            return 411, "Send a Content-Length."
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > MAX_BODY_BYTES:
            return 413, f"A body may hold {MAX_BODY_BYTES} bytes."
        media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        if int(length) > 0 and media_type != "application/json":
            return 415, "Send the body as application/json."
        return None

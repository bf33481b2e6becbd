"""Keeps other web sites from reading pages that ask for no sign-in, by a name of theirs that leads here.

A page elsewhere may have its own name resolve to this machine (DNS rebinding); the browser then takes both for one
origin. Such a request names a host that is not ours. An address is nobody's name, so it passes.
"""

import ipaddress
import re
from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_AUTHORITY = re.compile(r"(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::[0-9]{1,5})?")
_REFUSED = "This Host is not served here. Ask by address, as localhost, or set base_url to the name you use.\n"


class HostGuard:
    """ASGI middleware. `names` are hosts besides localhost and addresses under which the app may be asked for."""

    def __init__(self, app: ASGIApp, names: Iterable[str | None]) -> None:
        self._app = app
        self._names = {"localhost", *(name.lower() for name in names if name)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._knows(Headers(scope=scope).getlist("host")):
            await PlainTextResponse(_REFUSED, 403)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _knows(self, hosts: list[str]) -> bool:
        authority = _AUTHORITY.fullmatch(hosts[0].lower()) if len(hosts) == 1 else None
        if authority is None:
            return False
        if authority[2] in self._names:
            return True
        try:
            ipaddress.ip_address(authority[1] or authority[2])
        except ValueError:
            return False
        return True

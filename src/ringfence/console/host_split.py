"""Which console a request is for: its Host says so, and no other name is served here."""

from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_REFUSED = "This Host is not served here. Open a console by the address that `ringfence up` shows.\n"


class HostSplit:
    """ASGI app over others, by host as browsers send it: with a port where the origin names one."""

    def __init__(self, apps: Mapping[str, ASGIApp]) -> None:
        self._apps = {host.lower(): app for host, app in apps.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        hosts = Headers(scope=scope).getlist("host")
        app = self._apps.get(hosts[0].lower()) if len(hosts) == 1 else None
        await (app or PlainTextResponse(_REFUSED, 421))(scope, receive, send)

"""Headers of every answer: a page runs its own modules alone, and shows what is given to it as text.

Source: CSP Level 3; W3C Trusted Types; Permissions Policy.
"""

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# The one policy of Trusted Types that pages may make: for the address of the service worker, which is a constant.
WORKER_POLICY: Final = "ringfence-worker"


def page_headers(keys_origin: str, *, secure: bool) -> dict[str, str]:
    """Those of a console that may frame the key origin; `secure` where it is served over TLS."""
    headers = {
        "cache-control": "no-store",
        "content-security-policy": (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
            f"frame-src {keys_origin}; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
            f"require-trusted-types-for 'script'; trusted-types {WORKER_POLICY}"
        ),
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": (
            "camera=(), geolocation=(), microphone=(), "
            f'publickey-credentials-get=(self "{keys_origin}"), publickey-credentials-create=(self "{keys_origin}")'
        ),
        # The worker tells by it which links are ours; no other origin gets one.
        "referrer-policy": "same-origin",
        "x-content-type-options": "nosniff",
    }
    return headers | ({"strict-transport-security": "max-age=31536000"} if secure else {})


class PageHeaders:
    """ASGI middleware that sets them on every answer, errors too."""

    def __init__(self, app: ASGIApp, headers: dict[str, str]) -> None:
        self._app = app
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
            await send(message)

        await self._app(scope, receive, with_headers)

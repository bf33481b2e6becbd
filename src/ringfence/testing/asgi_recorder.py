"""An ASGI app around the program's that writes down each request and its answer. Source: ASGI 3.0, HTTP."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

from ringfence.domain.web_url import parse_url
from ringfence.testing.programs import Answered, Asked

Event = dict[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
AsgiApp = Callable[[Event, Receive, Send], Awaitable[None]]
_MAX_URL_CHARACTERS = 64 << 10


class AsgiRecorder:
    """Passes everything on, and gives `write_down` what was asked and answered over HTTP."""

    def __init__(self, app: AsgiApp, write_down: Callable[[Asked, Answered], None]) -> None:
        self._app = app
        self._write_down = write_down

    async def __call__(self, scope: Event, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked = _asked_of(scope, await _whole_body(receive))
        answer = _Answer(send)
        try:
            await self._app(scope, _given_again(asked.body, receive), answer.send)
        except Exception as error:
            self._write_down(asked, Answered(status=500, raised=error))
            raise
        self._write_down(asked, answer.answered())


class _Answer:
    """What an app sends, passed on and kept."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._status = 500
        self._headers: tuple[tuple[str, str], ...] = ()
        self._body = b""

    async def send(self, event: Event) -> None:
        if event["type"] == "http.response.start":
            self._status = event["status"]
            self._headers = tuple(
                (bytes(name).decode("latin-1").lower(), bytes(value).decode("latin-1"))
                for name, value in event.get("headers", ())
            )
        elif event["type"] == "http.response.body":
            self._body += event.get("body", b"")
        await self._send(event)

    def answered(self) -> Answered:
        return Answered(status=self._status, headers=self._headers, body=self._body)


async def _whole_body(receive: Receive) -> bytes:
    """The request's body; what there is of it where the client left."""
    body = b""
    while (event := await receive())["type"] == "http.request":
        body += event.get("body", b"")
        if not event.get("more_body", False):
            break
    return body


def _given_again(body: bytes, receive: Receive) -> Receive:
    """The body as one event, then whatever comes after it."""
    events = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def given() -> Event:
        for event in events:
            return event
        return await receive()

    return given


def _asked_of(scope: Event, body: bytes) -> Asked:
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
    host = next((value for name, value in headers if name == "host"), None)
    if host is None:
        address, port = scope.get("server") or ("localhost", 80)
        host = f"{address}:{port}"
    path = (scope.get("raw_path") or quote(scope["path"]).encode()).decode("latin-1").partition("?")[0]
    query = scope.get("query_string", b"").decode("latin-1")
    target = f"{scope.get('scheme', 'http')}://{host}{path}" + (f"?{query}" if query else "")
    kept = [(name.title(), value) for name, value in headers if name not in ("host", "content-length")]
    url = parse_url(target, max_characters=_MAX_URL_CHARACTERS)
    return Asked(method=scope["method"], url=url, headers=kept, body=body)

"""Requests put to an ASGI app without a socket between: thousands cost seconds."""

from base64 import b64encode
from typing import Any, NamedTuple
from urllib.parse import urlsplit

FORM_TYPE = b"application/x-www-form-urlencoded"


class Answer(NamedTuple):
    status: int
    text: str
    headers: dict[str, str]


def basic(name: str, secret: str) -> bytes:
    return b"Basic " + b64encode(f"{name}:{secret}".encode())


async def ask(
    app: Any,
    method: str,
    target: str,
    authorization: bytes | None = None,
    *,
    body: bytes = b"",
    content_type: bytes = FORM_TYPE,
    host: str = "localhost",
    headers: tuple[tuple[bytes, bytes], ...] = (),
    client: str = "127.0.0.1",
) -> Answer:
    """The app's whole answer."""
    parts = urlsplit(target)
    sent = [(b"host", host.encode()), *headers]
    if authorization is not None:
        sent.append((b"authorization", authorization))
    if body:
        sent += [(b"content-type", content_type), (b"content-length", str(len(body)).encode())]
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": parts.path,
        "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(),
        "root_path": "",
        "headers": sent,
        "client": (client, 50_000),
        "server": ("127.0.0.1", 8420),
    }
    requests = [{"type": "http.request", "body": body, "more_body": False}]
    events: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return requests.pop() if requests else {"type": "http.disconnect"}

    async def send(event: Any) -> None:
        events.append(event)

    await app(scope, receive, send)
    told = {name.decode().lower(): value.decode("latin-1") for name, value in events[0]["headers"]}
    text = b"".join(event.get("body", b"") for event in events[1:]).decode("utf-8", "replace")
    return Answer(events[0]["status"], text, told)

"""One path prefix of a public port, served by another process behind a Unix socket."""

import asyncio
from collections.abc import Iterable, MutableMapping
from pathlib import Path
from typing import Any

import httptools
from starlette.types import Message, Receive, Scope, Send

MAX_REQUEST_BYTES = 1 << 20
MAX_HEAD_BYTES = 64 << 10
MAX_IN_FLIGHT = 256
CONNECT_S = 2.0
FIRST_BYTE_S = 30.0
READ_BYTES = 64 << 10

# RFC 9110 section 7.6.1: these speak of one connection, not of the message.
HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)


class UnixProxy:
    """An ASGI application that forwards requests under `prefixes` to the HTTP server at `socket_path`.

    Answers stream as they come, so server-sent events pass; a client that goes away ends the request behind.
    Request bodies are read whole, up to 1 MB (413 above). A server that is away answers 503 with Retry-After,
    one that breaks off before its head 502, one that is silent for 30 s 504. Nothing is retried.
    Paths with dot segments are refused with 404, so that a prefix means what it says.
    """

    def __init__(self, socket_path: Path | str, prefixes: Iterable[str], *, name: str = "simulator") -> None:
        self._socket_path = str(socket_path)
        self._prefixes = tuple(prefix.rstrip("/") for prefix in prefixes)
        self._name = name
        self._in_flight = 0

    def serves(self, path: str) -> bool:
        """True when `path` lies under one of the prefixes, whole segments compared."""
        if any(segment in (".", "..") for segment in path.split("/")):
            return False
        return any(path == prefix or path.startswith(prefix + "/") for prefix in self._prefixes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1003})
            return
        if scope["type"] != "http":
            raise ValueError(f"a proxy takes http, not {scope['type']}")
        if not self.serves(scope["path"]):
            await _refuse(send, 404, "Not found.")
            return
        if self._in_flight >= MAX_IN_FLIGHT:
            await _refuse(send, 503, f"Too many requests wait for the {self._name}.")
            return
        self._in_flight += 1
        try:
            await self._forward(scope, receive, send)
        finally:
            self._in_flight -= 1

    async def _forward(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await _read_body(receive)
        except _ClientGoneError:
            return
        if body is None:
            await _refuse(send, 413, f"A request may hold {MAX_REQUEST_BYTES} bytes.")
            return
        try:
            async with asyncio.timeout(CONNECT_S):
                reader, writer = await asyncio.open_unix_connection(self._socket_path)
        except (OSError, TimeoutError):
            await _refuse(send, 503, f"The {self._name} is not running; it is started again within seconds.")
            return
        exchange = asyncio.ensure_future(self._exchange(scope, body, reader, writer, send))
        gone = asyncio.ensure_future(_until_disconnect(receive))
        try:
            await asyncio.wait({exchange, gone}, return_when=asyncio.FIRST_COMPLETED)
            if exchange.done():
                exchange.result()
        finally:
            exchange.cancel()
            gone.cancel()
            await asyncio.gather(exchange, gone, return_exceptions=True)
            writer.close()

    async def _exchange(
        self, scope: Scope, body: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, send: Send
    ) -> None:
        answer = _Answer(head_only=scope["method"] == "HEAD")
        try:
            writer.write(_head(scope, len(body)) + body)
            async with asyncio.timeout(FIRST_BYTE_S):
                await writer.drain()
                while not answer.started:
                    answer.feed(await reader.read(READ_BYTES))
        except TimeoutError:
            await _refuse(send, 504, f"The {self._name} does not answer.")
            return
        except (OSError, httptools.HttpParserError, _BrokenAnswerError):
            await _refuse(send, 502, f"The {self._name} broke off.")
            return
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.kept_headers()})
        try:
            while not answer.complete:
                await send(_part(answer.take_body(), more=True))
                answer.feed(await reader.read(READ_BYTES))
        except (OSError, httptools.HttpParserError, _BrokenAnswerError):
            if not answer.is_event_stream:
                # Returning now makes the server cut the connection: the client sees that the answer is not whole.
                return
        await send(_part(answer.take_body(), more=False))


class _ClientGoneError(Exception):
    """The client left before its request was whole: half of one is not forwarded as if it were all."""


class _BrokenAnswerError(Exception):
    """The server closed before its answer was whole, or its head is too long."""


class _Answer:
    """One answer as its bytes come in: a head, then body parts to take."""

    def __init__(self, *, head_only: bool) -> None:
        self._head_only = head_only
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []
        self._head_bytes = 0
        self._ends_by_length = False
        self.headers: list[tuple[bytes, bytes]] = []
        self.status = 0
        self.started = False
        self.complete = False

    def feed(self, data: bytes) -> None:
        """Take what was read; b"" is the end of the connection."""
        if not data:
            if not self.started or self._ends_by_length:
                raise _BrokenAnswerError
            self.complete = True
            return
        self._parser.feed_data(data)
        if not self.started:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                raise _BrokenAnswerError

    def take_body(self) -> bytes:
        """The body bytes that came since the last call."""
        taken = b"".join(self._body)
        self._body.clear()
        return taken

    def kept_headers(self) -> list[tuple[bytes, bytes]]:
        """The answer's headers without those of the connection."""
        named = _named_by_connection(self.headers)
        return [(key, value) for key, value in self.headers if key not in HOP_BY_HOP and key not in named]

    @property
    def is_event_stream(self) -> bool:
        return any(key == b"content-type" and value.startswith(b"text/event-stream") for key, value in self.headers)

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()
        if self.status < 200:
            self.headers.clear()
            return
        self._ends_by_length = any(key in (b"content-length", b"transfer-encoding") for key, _ in self.headers)
        self.started = True
        if self._head_only:
            self.complete = True

    def on_body(self, body: bytes) -> None:
        if not self._head_only:
            self._body.append(body)

    def on_message_complete(self) -> None:
        if self.started:
            self.complete = True


def _head(scope: MutableMapping[str, Any], length: int) -> bytes:
    target = scope.get("raw_path") or scope["path"].encode("ascii")
    if scope["query_string"]:
        target += b"?" + scope["query_string"]
    named = _named_by_connection(scope["headers"])
    lines = [scope["method"].encode("ascii") + b" " + target + b" HTTP/1.1"]
    lines += [
        name + b": " + value
        for name, value in scope["headers"]
        if name not in HOP_BY_HOP and name not in named and name not in (b"content-length", b"expect")
    ]
    # The body was read whole: one length of our own, whatever framing the client used.
    if length or scope["method"] not in ("GET", "HEAD"):
        lines.append(b"content-length: %d" % length)
    lines.append(b"connection: close")
    return b"\r\n".join(lines) + b"\r\n\r\n"


def _named_by_connection(headers: Iterable[tuple[bytes, bytes]]) -> frozenset[bytes]:
    return frozenset(
        token.strip().lower() for name, value in headers if name == b"connection" for token in value.split(b",")
    )


async def _read_body(receive: Receive) -> bytes | None:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _ClientGoneError
        size += len(message.get("body", b""))
        if size > MAX_REQUEST_BYTES:
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


async def _until_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _part(body: bytes, *, more: bool) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": more}


async def _refuse(send: Send, status: int, why: str) -> None:
    body = f"{status} {why}\n".encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(body))]
    if status == 503:
        headers.append((b"retry-after", b"1"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send(_part(body, more=False))

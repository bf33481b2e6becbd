"""One HTTP/1.1 connection of the client: a request out, an answer in, within bounds.

Source: RFC 9112. The parser is llhttp, by httptools.
"""

import asyncio

import httptools
import msgspec

MAX_HEAD_BYTES = 64 << 10
# Chunk framing costs at most six bytes a body byte when chunks are as small as they can be; nothing honest needs more.
MAX_FRAMING_FACTOR = 8


class ConnectionLostError(Exception):
    """The peer closed, or the network failed. `untouched`: not one byte of an answer had come."""

    def __init__(self, *, untouched: bool) -> None:
        super().__init__("the connection was lost")
        self.untouched = untouched


class BadAnswerError(Exception):
    """The answer is malformed, encoded, or silent for too long."""


class TooLargeAnswerError(Exception):
    """The answer's body exceeds what was asked for."""


class Answer(msgspec.Struct, frozen=True):
    """An answer, whole. `first_byte_s` is on the loop's clock."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    first_byte_s: float

    def __repr__(self) -> str:
        return f"Answer({self.status})"


class Connection(asyncio.Protocol):
    """One request at a time. After any error, or where `reusable` is False, it is closed for good."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._waiter: asyncio.Future[Answer] | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_s = 0.0
        self._headers: list[tuple[str, str]] = []
        self._body: list[bytes] = []
        self._head_complete = False
        self.born_s = self._loop.time()
        self.reusable = False
        self.keep_alive_s: float | None = None

    async def exchange(self, payload: bytes, *, max_body_bytes: int, read_s: float, deadline_s: float) -> Answer:
        """Send `payload`, a whole request, and return its answer.

        `read_s` bounds silence, `deadline_s` (on the loop's clock) everything. Raises ConnectionLostError,
        BadAnswerError, TooLargeAnswerError.
        """
        if self._transport is None or self._transport.is_closing():
            raise ConnectionLostError(untouched=True)
        self._headers, self._body = [], []
        self._head_complete = self.reusable = False
        self._max_body_bytes, self._read_s, self._deadline_s = max_body_bytes, read_s, deadline_s
        self._body_bytes = self._received_bytes = self._header_bytes = 0
        self._first_byte_s = 0.0
        self._last_s = self._loop.time()
        waiter: asyncio.Future[Answer] = self._loop.create_future()
        self._waiter = waiter
        self._alarm_by(min(self._last_s + read_s, deadline_s))
        self._transport.write(payload)
        try:
            return await waiter
        except BaseException:
            self.abort()
            raise
        finally:
            self._waiter = None
            # A connection that is kept keeps no answer.
            self._headers, self._body = [], []

    def abort(self) -> None:
        """Close at once."""
        self.reusable = False
        if self._transport is not None:
            self._transport.abort()

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        if self._waiter is None or self._waiter.done():
            # Bytes nobody asked for would be taken for the next request's answer.
            self.abort()
            return
        self._last_s = self._loop.time()
        if not self._first_byte_s:
            self._first_byte_s = self._last_s
        self._received_bytes += len(data)
        allowed = self._max_body_bytes * MAX_FRAMING_FACTOR if self._head_complete else 0
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail(BadAnswerError("no valid HTTP answer"))
            return
        if self._received_bytes > allowed + MAX_HEAD_BYTES + len(data):
            self._fail(TooLargeAnswerError() if self._head_complete else BadAnswerError("a head without end"))

    def connection_lost(self, exc: Exception | None) -> None:
        self.reusable = False
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if self._waiter is None or self._waiter.done():
            return
        if exc is None and self._head_complete and self._ends_with_connection:
            self._finish(self._waiter)
        else:
            self._fail(ConnectionLostError(untouched=self._received_bytes == 0))

    # What the parser calls.

    def on_message_begin(self) -> None:
        if self._waiter is None or self._waiter.done():
            self.abort()

    def on_header(self, name: bytes, value: bytes) -> None:
        self._header_bytes += len(name) + len(value)
        if self._header_bytes > MAX_HEAD_BYTES:
            self._fail(BadAnswerError("a head without end"))
        elif not self._head_complete:
            self._headers.append((name.decode("latin-1").lower(), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        if self._parser.get_status_code() < 200:
            self._headers.clear()
            return
        self._head_complete = True
        self._ends_with_connection = True
        for name, value in self._headers:
            if name == "content-length":
                self._ends_with_connection = False
                if int(value) > self._max_body_bytes:
                    self._fail(TooLargeAnswerError())
            elif name == "transfer-encoding":
                self._ends_with_connection = False
            elif name == "content-encoding" and value.lower() not in ("", "identity"):
                self._fail(BadAnswerError("an encoded answer, where identity was asked for"))
            elif name == "keep-alive":
                self.keep_alive_s = _keep_alive_s(value)

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        if self._body_bytes > self._max_body_bytes:
            self._body.clear()
            self._fail(TooLargeAnswerError())
        else:
            self._body.append(body)

    def on_message_complete(self) -> None:
        if self._head_complete and self._waiter is not None and not self._waiter.done():
            self.reusable = bool(self._parser.should_keep_alive())
            self._finish(self._waiter)

    def _finish(self, waiter: "asyncio.Future[Answer]") -> None:
        status = self._parser.get_status_code()
        waiter.set_result(Answer(status, tuple(self._headers), b"".join(self._body), self._first_byte_s))

    def _fail(self, error: Exception) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(error)
        self.abort()

    def _alarm_by(self, until_s: float) -> None:
        """See to it that `_expire` looks at that time or before. An alarm outlives its request: the next needs none."""
        if self._alarm is not None:
            if self._alarm_s <= until_s:
                return
            self._alarm.cancel()
        self._alarm, self._alarm_s = self._loop.call_at(until_s, self._expire), until_s

    def _expire(self) -> None:
        self._alarm = None
        if self._waiter is None or self._waiter.done():
            return
        now_s = self._loop.time()
        until_s = min(self._last_s + self._read_s, self._deadline_s)
        if now_s < until_s:
            self._alarm_by(until_s)
        elif self._received_bytes:
            self._fail(BadAnswerError("the answer did not end in time"))
        else:
            self._fail(BadAnswerError("no answer in time"))


def _keep_alive_s(value: str) -> float | None:
    for parameter in value.split(","):
        name, _, number = parameter.strip().partition("=")
        if name.lower() == "timeout" and number.isdigit() and len(number) < 6:
            return float(number)
    return None

"""uvicorn's HTTP/1.1 with bounds on how long and how large a request may be before all of it is there.

uvicorn has none: a head without end fills the memory, and a request that stops half way keeps its place for good.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

REQUEST_S = 20.0
CONNECTIONS_MAX = 10_000
HEAD_MAX_BYTES = 64 << 10
# With the framing of the smallest chunks around the largest body that any app behind this port takes (1 MB).
REQUEST_MAX_BYTES = 8 << 20


class BoundedHttp(HttpToolsProtocol):
    """Cuts a connection whose request is not whole within `REQUEST_S`, or is larger than it may be.

    A head that is too large is told 431, one that is too slow 408; beyond the head there is no telling, because an
    answer may be on its way. Connections that have asked something and are idle are uvicorn's own affair.
    """

    # No request has begun on a new connection; that, too, may last `REQUEST_S` at most.
    _open = _in_head = True
    _fresh = False
    _received_bytes = 0
    _alarm: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > CONNECTIONS_MAX:
            transport.abort()
            return
        self._alarm = self.loop.call_later(REQUEST_S, self._expire)

    def connection_lost(self, exc: Exception | None) -> None:
        self._silence()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._fresh = False
        super().data_received(data)
        answering = self.cycle is not None and not self.cycle.response_complete
        if not self._open and answering:
            return
        # Where nothing is open these were line ends between requests, for which uvicorn gave up its own timer.
        if self._alarm is None:
            self._alarm = self.loop.call_later(REQUEST_S, self._expire)
        if self._fresh:
            # What came with the request before it is not counted: a read brings so much at most.
            return
        self._received_bytes += len(data)
        if self._received_bytes > (HEAD_MAX_BYTES if self._in_head else REQUEST_MAX_BYTES):
            self._cut(b"431 Request Header Fields Too Large")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._open = self._in_head = self._fresh = True
        self._received_bytes = 0

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._open = False
        self._silence()
        super().on_message_complete()

    def _silence(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _expire(self) -> None:
        self._alarm = None
        if self._in_head and self.cycle is not None and not self.cycle.response_complete:
            # Not read on while the request before it is answered: so it is not the client that is slow.
            self._alarm = self.loop.call_later(REQUEST_S, self._expire)
            return
        self._cut(b"408 Request Timeout")

    def _cut(self, status: bytes) -> None:
        self._silence()
        if self.transport.is_closing():
            return
        if self._in_head and (self.cycle is None or self.cycle.response_complete):
            self.transport.write(b"HTTP/1.1 " + status + b"\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        self.transport.close()

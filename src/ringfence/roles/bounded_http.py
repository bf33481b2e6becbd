"""uvicorn's HTTP/1.1 with bounds on how long and how large a request may be before all of it is there.

uvicorn has none: a head without end fills the memory, a request that stops half way keeps its place for good, and so
does an answer that nobody reads.
"""

import asyncio
from collections import OrderedDict
from typing import cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ringfence.roles.gathered_writes import GatheredWrites

REQUEST_S = 20.0
# Within which the connection must take what is written: 5 MB of a medium at 85 kB/s.
ANSWER_S = 60.0
CONNECTIONS_MAX = 10_000
HEAD_MAX_BYTES = 64 << 10
# With the framing of the smallest chunks around the largest body that any app behind this port takes (1 MB).
REQUEST_MAX_BYTES = 8 << 20
# Of all connections: what came and is not answered yet, and what is written and not taken.
UNANSWERED_MAX_BYTES = 64 << 20
UNREAD_MAX_BYTES = 64 << 20


class _Process:
    """What the connections of this process have in common."""

    def __init__(self) -> None:
        # Those that nobody works for, because they are idle or their request is not whole; the longest so comes first.
        self.quiet: OrderedDict[BoundedHttp, None] = OrderedDict()
        # Those whose client does not take what is written, the longest so first.
        self.unread: OrderedDict[BoundedHttp, None] = OrderedDict()
        self.unanswered_bytes = 0


class BoundedHttp(HttpToolsProtocol):
    """Cuts a connection whose request is not whole within `REQUEST_S`, or is larger than it may be.

    A head that is too large is told 431, one that is too slow 408; beyond the head there is no telling, because an
    answer may be on its way. Connections that have asked something and are idle are uvicorn's own affair. One more
    than `CONNECTIONS_MAX` takes the place of the one that has been quiet longest. A client that does not read its
    answer within `ANSWER_S` is cut off, and the slowest of them when they are too many for the memory.
    """

    _process = _Process()
    # No request has begun on a new connection; that, too, may last `REQUEST_S` at most.
    _open = _in_head = True
    _fresh = False
    _received_bytes = 0
    _unanswered_bytes = 0
    _alarm: asyncio.TimerHandle | None = None
    _unread_alarm: asyncio.TimerHandle | None = None
    _closing_alarm: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(cast(asyncio.Transport, GatheredWrites(transport, self.loop)))
        quiet = self._process.quiet
        if len(self.connections) > CONNECTIONS_MAX:
            if not quiet:
                transport.abort()
                return
            quiet.popitem(last=False)[0].transport.abort()
        quiet[self] = None
        self._alarm = self.loop.call_later(REQUEST_S, self._expire)

    def connection_lost(self, exc: Exception | None) -> None:
        self._silence()
        self._process.quiet.pop(self, None)
        self._count_answered()
        self._count_read()
        if self._closing_alarm is not None:
            self._closing_alarm.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._fresh = False
        self._unanswered_bytes += len(data)
        self._process.unanswered_bytes += len(data)
        if self._process.unanswered_bytes > UNANSWERED_MAX_BYTES:
            self._cut(b"503 Service Unavailable")
            return
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

    def pause_writing(self) -> None:
        super().pause_writing()
        unread = self._process.unread
        unread[self] = None
        self._unread_alarm = self.loop.call_later(ANSWER_S, self.transport.abort)
        if sum(each.transport.get_write_buffer_size() for each in unread) > UNREAD_MAX_BYTES:
            next(iter(unread)).transport.abort()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._count_read()

    def timeout_keep_alive_handler(self) -> None:
        # A close would wait for the client to read what is left.
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        super().timeout_keep_alive_handler()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._count_answered()
        if self.transport.is_closing():
            self._end_in_time()
        elif not self.pipeline:
            self._process.quiet[self] = None

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._open = self._in_head = self._fresh = True
        self._received_bytes = 0

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._open = False
        if not self.cycle.response_complete:
            self._process.quiet.pop(self, None)
        self._silence()
        super().on_message_complete()

    def _count_answered(self) -> None:
        self._process.unanswered_bytes -= self._unanswered_bytes
        self._unanswered_bytes = 0

    def _count_read(self) -> None:
        self._process.unread.pop(self, None)
        if self._unread_alarm is not None:
            self._unread_alarm.cancel()
            self._unread_alarm = None

    def _end_in_time(self) -> None:
        """The connection closes once the client has read what is left, or has not in time."""
        if self._closing_alarm is None:
            self._closing_alarm = self.loop.call_later(ANSWER_S, self.transport.abort)

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
        self._end_in_time()

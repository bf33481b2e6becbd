"""SIP over WebSocket: one message a frame, over a connection that a browser opened.

A flow of it carries whatever its browser registers and calls; nothing else reaches that browser, so its end is the end
of both. The library keeps the protocol and no socket.

Source: RFC 7118; RFC 6455; RFC 5626, section 4.4.1 (blank lines as pings).
"""

import asyncio
import ipaddress
import logging
from collections.abc import Callable, Collection
from typing import cast
from urllib.parse import urlsplit

import structlog
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from ringfence.carriers.sip.flow import MAX_UNSENT_BYTES, Lost, Place, Received
from ringfence.carriers.sip.framing import PING, PONG
from ringfence.carriers.sip.message import MAX_BODY_BYTES, MAX_HEADER_BYTES

SUBPROTOCOL = Subprotocol("sip")
HANDSHAKE_S = 10.0
# Browsers and what stands between forget a connection that says nothing; two silent turns, and it is gone.
PING_S = 20.0
LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})

PageOf = Callable[[str, str, str], bool]

# The library's own lines tell every connection, and at worst what came over it; ours are below.
_SILENT = logging.Logger("websockets", logging.CRITICAL + 1)
_log = structlog.get_logger("ringfence.sip")


class WebSocketFlow(asyncio.Protocol):
    """A browser's connection. `from_phones` tells whether the Phones page of this installation opened it.

    `is_page` judges that of the remote address, the Host and the Origin ("" where a header is missing).
    """

    reliable = True

    def __init__(self, received: Received, lost: Lost, is_page: PageOf, *, secure: bool) -> None:
        self.transport = "WSS" if secure else "WS"
        self.local: Place = ("", 0)
        self.remote: Place = ("", 0)
        self.from_phones = False
        self._received = received
        self._lost = lost
        self._is_page = is_page
        self._protocol = ServerProtocol(
            subprotocols=[SUBPROTOCOL], max_size=MAX_HEADER_BYTES + MAX_BODY_BYTES, logger=_SILENT
        )
        self._wire: asyncio.Transport | None = None
        self._fragments: list[bytes] = []
        self._due: asyncio.TimerHandle | None = None
        self._quiet = 0
        self._is_faulty = False

    def __repr__(self) -> str:
        return f"WebSocketFlow({self.transport})"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note both ends, and wait for the handshake."""
        self._wire = cast(asyncio.Transport, transport)
        self.local = transport.get_extra_info("sockname")[:2]
        self.remote = transport.get_extra_info("peername")[:2]
        self._due = asyncio.get_running_loop().call_later(HANDSHAKE_S, self.close)

    def data_received(self, data: bytes) -> None:
        """Take what came: the handshake, messages, pings."""
        self._quiet = 0
        self._protocol.receive_data(data)
        self._work()

    def eof_received(self) -> bool:
        """The other end writes no more."""
        self._protocol.receive_eof()
        self._work()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Say that the flow is gone."""
        self._wire = None
        if self._due is not None:
            self._due.cancel()
        self._lost(self)

    def send(self, data: bytes) -> bool:
        """Write a message; a connection that is not read is given up."""
        if self._wire is None or self._wire.is_closing() or self._protocol.state is not State.OPEN:
            return False
        if self._wire.get_write_buffer_size() > MAX_UNSENT_BYTES:
            self._wire.abort()
            return False
        try:
            data.decode()
        except UnicodeDecodeError:
            self._protocol.send_binary(data)
        else:
            self._protocol.send_text(data)
        self._flush()
        return True

    def close(self) -> None:
        """Close the connection."""
        if self._wire is None:
            return
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(CloseCode.GOING_AWAY)
            self._flush()
        self._wire.close()

    def _work(self) -> None:
        for event in self._protocol.events_received():
            if isinstance(event, Request):
                self._greet(event)
            elif isinstance(event, Frame):
                self._take(event)
        self._flush()
        fault = self._protocol.parser_exc or self._protocol.handshake_exc
        if fault is not None and not isinstance(fault, EOFError) and not self._is_faulty:
            # Its kind alone: the text repeats what came.
            self._is_faulty = True
            _log.info("a WebSocket connection broke its protocol", kind=type(fault).__name__)

    def _greet(self, request: Request) -> None:
        """Answer the handshake; who does not speak SIP over it gets the library's refusal (section 4.1)."""
        names = [value for name, value in request.headers.raw_items() if name.lower() == "host"]
        origin = request.headers.get("Origin") or ""
        self.from_phones = len(names) == 1 and self._is_page(self.remote[0], names[0], origin)
        response = self._protocol.accept(request)
        self._protocol.send_response(response)
        if self._protocol.state is State.OPEN:
            self._keep_alive()

    def _take(self, frame: Frame) -> None:
        if frame.opcode not in {Opcode.TEXT, Opcode.BINARY, Opcode.CONT}:
            return
        self._fragments.append(bytes(frame.data))
        if not frame.fin:
            return
        message, self._fragments = b"".join(self._fragments), []
        if message == PING:
            self.send(PONG)
        elif message.strip(b"\r\n"):
            self._received(self, message)

    def _keep_alive(self) -> None:
        if self._due is not None:
            self._due.cancel()
        self._quiet += 1
        if self._quiet > 2:
            if self._wire is not None:
                self._wire.abort()
            return
        self._protocol.send_ping(b"")
        self._flush()
        self._due = asyncio.get_running_loop().call_later(PING_S, self._keep_alive)

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if self._wire is None:
                return
            if data:
                self._wire.write(data)
            else:
                self._wire.close()


def phones_page(port: int, hosts: Collection[str] = ()) -> PageOf:
    """Who counts as the Phones page: it is on this machine, and opened under one of our names at the public port.

    Another site's page has another Origin, and a name of its own that it points at this machine stands in Host. A
    program on this machine has no Origin.
    """
    names = LOCAL_HOSTS | {host.lower().strip("[]") for host in hosts}

    def is_page(remote: str, host: str, origin: str) -> bool:
        if not ipaddress.ip_address(remote).is_loopback or _host_of(f"//{host}") not in names:
            return False
        if not origin:
            return True
        try:
            written = urlsplit(origin)
            at = written.port or {"http": 80, "https": 443}.get(written.scheme)
        except ValueError:
            return False
        return written.scheme in {"http", "https"} and _host_of(origin) in names and at == port

    return is_page


def _host_of(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""

"""Flows: the ways a SIP message travels between here and one place, over UDP, TCP or TLS.

Source: RFC 3261, section 18; RFC 5626 (flows); RFC 3581 (symmetric responses).
"""

import asyncio
import ssl
from collections.abc import Callable
from typing import Protocol, cast

from ringfence.carriers.sip.framing import PONG, FramingError, StreamFramer

Place = tuple[str, int]
CONNECT_S = 10.0
# A connection whose other end reads nothing holds no more than this.
MAX_UNSENT_BYTES = 1 << 20


class Flow(Protocol):
    """One way to one place. `transport` is UDP, TCP or TLS; a reliable flow repeats what is lost by itself."""

    transport: str
    reliable: bool
    local: Place
    remote: Place

    def send(self, data: bytes) -> bool:
        """Put a message on its way; False where the flow is gone."""


class Connection(Flow, Protocol):
    """A flow that either end may close."""

    def close(self) -> None:
        """Close it."""


Received = Callable[[Flow, bytes], None]
Lost = Callable[[Flow], None]


class UdpFlow:
    """A socket of ours and a place it sends to. Two of the same ends are equal."""

    transport = "UDP"
    reliable = False

    def __init__(self, socket: asyncio.DatagramTransport, local: Place, remote: Place) -> None:
        self._socket = socket
        self.local = local
        self.remote = remote

    def __repr__(self) -> str:
        return "UdpFlow(…)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UdpFlow) and (self.local, self.remote) == (other.local, other.remote)

    def __hash__(self) -> int:
        return hash((self.local, self.remote))

    def to(self, remote: Place) -> "UdpFlow":
        """The flow from the same socket to another place."""
        return UdpFlow(self._socket, self.local, remote)

    def send(self, data: bytes) -> bool:
        """Put a datagram on its way."""
        if self._socket.is_closing():
            return False
        self._socket.sendto(data, self.remote)
        return True


class UdpSocket(asyncio.DatagramProtocol):
    """A bound socket: every datagram comes in on the flow of who sent it."""

    def __init__(self, received: Received) -> None:
        self._received = received
        self._socket: asyncio.DatagramTransport | None = None
        self.local: Place = ("", 0)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note where the socket is bound."""
        # asyncio's own class is no subclass of the one it documents.
        self._socket = cast(asyncio.DatagramTransport, transport)
        self.local = transport.get_extra_info("sockname")[:2]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Pass a datagram on; a ping of blank lines is nobody's message."""
        if data.strip(b"\r\n\0"):
            self._received(self.flow(addr[:2]), data)

    def flow(self, remote: Place) -> UdpFlow:
        """The flow to a place."""
        if self._socket is None:
            raise RuntimeError("the socket is not bound")
        return UdpFlow(self._socket, self.local, remote)

    def close(self) -> None:
        """Close the socket."""
        if self._socket is not None:
            self._socket.close()


class StreamFlow(asyncio.Protocol):
    """A TCP or TLS connection, whichever end opened it."""

    reliable = True

    def __init__(self, received: Received, lost: Lost, *, secure: bool) -> None:
        self.transport = "TLS" if secure else "TCP"
        self.local: Place = ("", 0)
        self.remote: Place = ("", 0)
        self._received = received
        self._lost = lost
        self._framer = StreamFramer()
        self._wire: asyncio.Transport | None = None

    def __repr__(self) -> str:
        return f"StreamFlow({self.transport})"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note both ends."""
        self._wire = cast(asyncio.Transport, transport)
        self.local = transport.get_extra_info("sockname")[:2]
        self.remote = transport.get_extra_info("peername")[:2]

    def data_received(self, data: bytes) -> None:
        """Pass on the messages that are whole, answer pings, and give up a stream that cannot be cut."""
        try:
            messages = self._framer.feed(data)
        except FramingError:
            self.close()
            return
        if self._framer.take_pings():
            self.send(PONG)
        for message in messages:
            self._received(self, message)

    def connection_lost(self, exc: Exception | None) -> None:
        """Say that the flow is gone."""
        self._wire = None
        self._lost(self)

    def send(self, data: bytes) -> bool:
        """Write a message; a connection that is not read is given up."""
        if self._wire is None or self._wire.is_closing():
            return False
        if self._wire.get_write_buffer_size() > MAX_UNSENT_BYTES:
            self._wire.abort()
            return False
        self._wire.write(data)
        return True

    def close(self) -> None:
        """Close the connection."""
        if self._wire is not None:
            self._wire.close()


async def connect_stream(
    place: Place, received: Received, lost: Lost, *, tls: ssl.SSLContext | None = None, server_name: str = ""
) -> StreamFlow:
    """Open a connection within `CONNECT_S`. OSError or TimeoutError where there is none."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(CONNECT_S):
        _, flow = await loop.create_connection(
            lambda: StreamFlow(received, lost, secure=tls is not None),
            *place,
            ssl=tls,
            server_hostname=(server_name or place[0]) if tls is not None else None,
        )
    return flow

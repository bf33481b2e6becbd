"""The endpoint: sockets below, transactions in the middle, whoever makes and takes calls above.

It matches messages to transactions, keeps their timers, routes answers back and drops what is not SIP. It knows of no
calls.

Source: RFC 3261, sections 8.2, 9.2, 17 and 18; RFC 3581.
"""

import asyncio
import ipaddress
import secrets
import ssl
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol, cast

from ringfence.carriers.sip.flow import (
    Connection,
    Flow,
    Lost,
    Place,
    Received,
    StreamFlow,
    UdpFlow,
    UdpSocket,
    connect_stream,
)
from ringfence.carriers.sip.grammar import MalformedError
from ringfence.carriers.sip.message import BadMessageError, Message, Request, Response, parse_message, respond
from ringfence.carriers.sip.transaction import (
    Client,
    Effect,
    Ended,
    InviteClient,
    InviteServer,
    Pass,
    Send,
    Server,
    TimedOut,
    cancel,
    client_key,
    server_key,
)
from ringfence.carriers.sip.via import BRANCH_COOKIE, Via

MAX_TRANSACTIONS = 10_000
# How many of them one address may have, unless it is a trunk's: of IPv6 one network of /64, which any customer has.
MAX_OF_ADDRESS = 500
# Requests of strangers that wait for a verdict; more are not even looked at.
MAX_UNPROVEN = 1_000
RETRY_AFTER_S = 5

# How long a connection may stay whose other end has proven nothing.
STRANGER_S = 30.0

Accept = Callable[[Received, Lost], Connection]

# Requests sent and requests taken live in one table; the first word tells them apart.
Key = tuple[str, ...]


class Incoming:
    """A request that came in and waits for its answer. One of a stranger is `silent`: nothing goes back to it."""

    def __init__(self, endpoint: "Endpoint", request: Request, flow: Flow, key: Key, *, silent: bool = False) -> None:
        self.request = request
        self.flow = flow
        self.silent = silent
        self.cancelled: Callable[[], None] | None = None
        self._endpoint = endpoint
        self._key = key

    def __repr__(self) -> str:
        return f"Incoming({self.request.method})"

    def respond(self, response: Response) -> None:
        """Answer; a provisional answer may be followed by others, a final one is the last."""
        self._endpoint._respond(self._key, response)

    def speak(self) -> None:
        """Its sender deserves answers after all: what was held back goes out. Idempotent."""
        if self.silent:
            self.silent = False
            self._endpoint._heard_again(self._key, self.request)

    def respond_once(self, response: Response) -> None:
        """Answer and forget it: for who has proven nothing, and may not even be where it says (section 8.2.7).

        A transaction would repeat its answer for half a minute, at whoever's address was forged.
        """
        self._endpoint._forget(self._key)
        _answer_flow(self.request, self.flow).send(bytes(response))

    def ignore(self) -> None:
        """Forget it without an answer, as if nobody were here."""
        self._endpoint._forget(self._key)


class Outgoing:
    """A request that was sent and waits for its answers."""

    def __init__(
        self, endpoint: "Endpoint", request: Request, flow: Flow, answered: Callable[[Response | None], None]
    ) -> None:
        self.request = request
        self.flow = flow
        self.answered = answered
        self._endpoint = endpoint
        self._provisional = False
        self._final = False
        self._stop_asked = False

    def __repr__(self) -> str:
        return f"Outgoing({self.request.method})"

    def cancel(self) -> None:
        """Call an INVITE back, at once or with its first provisional answer (section 9.1). Idempotent."""
        if self._stop_asked or self._final:
            return
        self._stop_asked = True
        if self._provisional:
            self._endpoint._send_cancel(self)

    def _take(self, response: Response | None) -> None:
        if response is None or response.status >= 200:
            self._final = True
        elif not self._provisional:
            self._provisional = True
            if self._stop_asked:
                self._endpoint._send_cancel(self)
        self.answered(response)


class Handler(Protocol):
    """Who makes and takes calls above an endpoint."""

    def admits(self, flow: Flow) -> bool:
        """Whether anything from there is read at all."""

    def knows(self, flow: Flow) -> bool:
        """Whether this is somebody who gets an answer to anything; a stranger's request comes in silent."""

    def noise(self, flow: Flow, request: Request | None = None) -> None:
        """A stranger sent what is no SIP, or only partly (`request`), and got no answer."""

    def request(self, incoming: Incoming) -> None:
        """Take a request: answer it now or later, or ignore it."""

    def acknowledged(self, request: Request) -> None:
        """Take the ACK of a 2xx."""

    def stray(self, response: Response, flow: Flow) -> None:
        """Take a response whose transaction is over: a 2xx from a second branch of a fork, or a repeated one."""


class Endpoint:
    """SIP on any number of sockets. `host` is the address that others reach it by, for Via.

    `lost` is told of each connection that is gone. `unbounded` says of an address that it may fill the table.
    """

    def __init__(
        self,
        handler: Handler,
        *,
        host: str,
        lost: Callable[[Flow], None] | None = None,
        unbounded: Callable[[str], bool] = lambda address: False,
    ) -> None:
        self.host = host
        self._handler = handler
        self._tell_lost = lost or (lambda flow: None)
        self._unbounded = unbounded
        self._udp: list[UdpSocket] = []
        self._servers: list[asyncio.Server] = []
        self._streams: dict[tuple[str, Place], Connection] = {}
        self._sent: dict[Key, tuple[Client | InviteClient, Outgoing]] = {}
        self._taken: dict[Key, tuple[Server | InviteServer, Incoming]] = {}
        self._unproven: set[Key] = set()
        # Of those taken, how many each address has.
        self._of_address: Counter[str] = Counter()
        self._timers: dict[Key, asyncio.TimerHandle] = {}

    def __repr__(self) -> str:
        return f"Endpoint({len(self._sent)} sent, {len(self._taken)} taken)"

    async def listen_udp(self, host: str, port: int) -> int:
        """Take datagrams; the port (a free one for 0)."""
        loop = asyncio.get_running_loop()
        _, socket = await loop.create_datagram_endpoint(lambda: UdpSocket(self._received), local_addr=(host, port))
        self._udp.append(socket)
        return socket.local[1]

    async def listen_tcp(self, host: str, port: int, *, tls: ssl.SSLContext | None = None) -> int:
        """Take connections; the port (a free one for 0)."""
        return await self.listen(host, port, partial(StreamFlow, secure=tls is not None), tls=tls)

    async def listen(self, host: str, port: int, accept: Accept, *, tls: ssl.SSLContext | None = None) -> int:
        """Take connections of any kind, each as the flow that `accept` makes; the port (a free one for 0)."""

        def made() -> asyncio.BaseProtocol:
            flow = accept(self._received, self._lost)
            asyncio.get_running_loop().call_later(STRANGER_S, self._drop_stranger, flow)
            # Each of these classes is both; no type says so.
            return cast(asyncio.BaseProtocol, flow)

        server = await asyncio.get_running_loop().create_server(made, host, port, ssl=tls)
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    def _drop_stranger(self, flow: Connection) -> None:
        """Who has proven nothing by now takes up no connection any longer."""
        if not self._handler.knows(flow):
            flow.close()

    def udp_flow(self, remote: Place) -> Flow:
        """The flow to a place, from the first UDP socket that speaks its kind of address. OSError where none does."""
        of_its_kind = [socket for socket in self._udp if (":" in socket.local[0]) == (":" in remote[0])]
        if not of_its_kind:
            raise OSError("no UDP socket for this kind of address")
        return of_its_kind[0].flow(remote)

    async def stream_flow(self, remote: Place, *, tls: ssl.SSLContext | None = None, server_name: str = "") -> Flow:
        """A connection to a place: the one that is open, or a new one. OSError or TimeoutError."""
        key = "TCP" if tls is None else "TLS", remote
        kept = self._streams.get(key)
        if kept is not None:
            return kept
        flow = await connect_stream(remote, self._received, self._lost, tls=tls, server_name=server_name)
        first = self._streams.setdefault(key, flow)
        if first is not flow:
            # Somebody else connected there meanwhile.
            flow.close()
        return first

    async def connect(self, connect: Callable[[Received, Lost], Awaitable[Connection]]) -> Connection:
        """A connection of any other kind, made by `connect`; what comes over it is taken as from all flows."""
        return await connect(self._received, self._lost)

    def request(self, request: Request, flow: Flow, answered: Callable[[Response | None], None]) -> Outgoing:
        """Send a request under a fresh branch; `answered` takes each answer, and None where none comes in time."""
        branch = BRANCH_COOKIE + secrets.token_hex(12)
        request.headers.put_first("via", str(self._via(flow, branch)))
        return self._begin(request, flow, answered)

    def send(self, request: Request, flow: Flow) -> None:
        """Send a request that has no answer: the ACK of a 2xx."""
        request.headers.put_first("via", str(self._via(flow, BRANCH_COOKIE + secrets.token_hex(12))))
        flow.send(bytes(request))

    async def close(self) -> None:
        """Close every socket and forget every transaction; no callback comes after this."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._sent.clear()
        self._taken.clear()
        self._of_address.clear()
        for server in self._servers:
            server.close()
        for socket in self._udp:
            socket.close()
        for flow in list(self._streams.values()):
            flow.close()
        self._streams.clear()
        await asyncio.sleep(0)

    def _received(self, flow: Flow, data: bytes) -> None:
        if not self._handler.admits(flow):
            if flow.reliable:
                cast(Connection, flow).close()
            return
        try:
            message = parse_message(data)
        except BadMessageError as error:
            if not self._handler.knows(flow):
                self._handler.noise(flow, error.request)
            elif error.status and error.request is not None and error.request.method != "ACK":
                flow.send(bytes(respond(error.request, error.status, tag=secrets.token_hex(4))))
            return
        if flow.reliable:
            self._streams.setdefault((flow.transport, flow.remote), cast(Connection, flow))
        if isinstance(message, Response):
            self._response(message, flow)
        else:
            vias = message.headers.values("via")
            message.headers.replace("via", str(message.via.received_from(*flow.remote)), *vias[1:])
            self._request(message, flow)

    def _response(self, response: Response, flow: Flow) -> None:
        if response.via.host != self.host.lower():
            return
        key = _sent_key(response)
        entry = self._sent.get(key)
        if entry is not None:
            self._run(key, entry[0].receive(response, self._now_ms()))
        elif response.cseq[1] == "INVITE" and 200 <= response.status < 300:
            self._handler.stray(response, flow)

    def _request(self, request: Request, flow: Flow) -> None:
        key = _taken_key(request)
        entry = self._taken.get(key)
        silent = entry is None and not self._handler.knows(flow)
        if entry is not None:
            self._run(key, entry[0].receive(request, self._now_ms()))
        elif request.method == "ACK":
            self._handler.acknowledged(request)
        elif silent and (len(self._unproven) >= MAX_UNPROVEN or not self._has_room(flow)):
            return
        elif not self._has_room(flow):
            busy = respond(request, 503, tag=secrets.token_hex(4))
            busy.headers.add("retry-after", str(RETRY_AFTER_S))
            _answer_flow(request, flow).send(bytes(busy))
        else:
            transaction = (InviteServer if request.method == "INVITE" else Server)(request, reliable=flow.reliable)
            self._taken[key] = transaction, Incoming(self, request, flow, key, silent=silent)
            self._of_address[_counted_as(flow.remote[0])] += 1
            if silent:
                self._unproven.add(key)
            self._run(key, transaction.start(self._now_ms()))

    def _has_room(self, flow: Flow) -> bool:
        """Whether another request of this address can be taken on."""
        if len(self._taken) >= MAX_TRANSACTIONS:
            return False
        address = flow.remote[0]
        return self._of_address[_counted_as(address)] < MAX_OF_ADDRESS or self._unbounded(address)

    def _leave(self, key: Key) -> None:
        """A request that was taken is over."""
        self._unproven.discard(key)
        entry = self._taken.pop(key, None)
        if entry is not None:
            address = _counted_as(entry[1].flow.remote[0])
            self._of_address[address] -= 1
            if not self._of_address[address]:
                del self._of_address[address]

    def _begin(self, request: Request, flow: Flow, answered: Callable[[Response | None], None]) -> Outgoing:
        transaction = (InviteClient if request.method == "INVITE" else Client)(request, reliable=flow.reliable)
        outgoing = Outgoing(self, request, flow, answered)
        key = _sent_key(request)
        self._sent[key] = transaction, outgoing
        self._run(key, transaction.start(self._now_ms()))
        return outgoing

    def _respond(self, key: Key, response: Response) -> None:
        entry = self._taken.get(key)
        if entry is not None:
            self._run(key, entry[0].respond(response, self._now_ms()))

    def _cancelled(self, key: Key, incoming: Incoming) -> None:
        """A CANCEL: its own answer is 200 or 481; the INVITE's, 487, is the handler's to give (section 9.2)."""
        meant = self._taken.get(_taken_key(incoming.request, method="INVITE"))
        if incoming.silent and (meant is None or meant[1].silent):
            incoming.ignore()
            return
        incoming.speak()
        status = 200 if meant is not None else 481
        self._respond(key, respond(incoming.request, status, tag=secrets.token_hex(4)))
        if meant is not None and meant[1].cancelled is not None:
            meant[1].cancelled()

    def _heard_again(self, key: Key, request: Request) -> None:
        """Say the last answer that was held back."""
        self._unproven.discard(key)
        entry = self._taken.get(key)
        if entry is not None:
            self._run(key, entry[0].receive(request, self._now_ms()))

    def _forget(self, key: Key) -> None:
        self._leave(key)
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()

    def _send_cancel(self, outgoing: Outgoing) -> None:
        self._begin(cancel(outgoing.request), outgoing.flow, _ignore)

    def _run(self, key: Key, effects: list[Effect]) -> None:
        """Carry out what a transaction wants, and come back when it is due."""
        entry = self._entry(key)
        if entry is None:
            return
        transaction, exchange = entry
        for effect in effects:
            match effect:
                case Send(message):
                    self._put(key, message, exchange)
                case Pass(message):
                    self._pass(key, message, exchange)
                case TimedOut():
                    if isinstance(exchange, Outgoing):
                        exchange._take(None)
                case Ended():
                    self._sent.pop(key, None)
                    self._leave(key)
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()
        if transaction.due_ms is not None:
            self._timers[key] = asyncio.get_running_loop().call_at(transaction.due_ms / 1_000, self._due, key)

    def _entry(self, key: Key) -> tuple[Client | InviteClient | Server | InviteServer, Incoming | Outgoing] | None:
        return self._sent.get(key) or self._taken.get(key)

    def _put(self, key: Key, message: Message, exchange: Incoming | Outgoing) -> None:
        if isinstance(exchange, Incoming) and exchange.silent:
            return
        flow = exchange.flow if isinstance(exchange, Outgoing) else _answer_flow(exchange.request, exchange.flow)
        if flow.send(bytes(message)):
            return
        # The connection is gone. Not now: the transaction is in the middle of saying what it wants.
        asyncio.get_running_loop().call_soon(self._failed, key)

    def _failed(self, key: Key) -> None:
        entry = self._entry(key)
        if entry is not None:
            self._run(key, entry[0].fail())

    def _pass(self, key: Key, message: Message, exchange: Incoming | Outgoing) -> None:
        if isinstance(exchange, Outgoing):
            assert isinstance(message, Response)
            exchange._take(message)
        elif isinstance(message, Request) and message.method == "ACK":
            self._handler.acknowledged(message)
        elif exchange.request.method == "CANCEL":
            self._cancelled(key, exchange)
        else:
            self._handler.request(exchange)

    def _due(self, key: Key) -> None:
        entry = self._entry(key)
        if entry is not None:
            self._run(key, entry[0].tick(self._now_ms()))

    def _lost(self, flow: Flow) -> None:
        self._streams = {key: kept for key, kept in self._streams.items() if kept is not flow}
        for key, (_, outgoing) in list(self._sent.items()):
            if outgoing.flow is flow:
                self._failed(key)
        self._tell_lost(flow)

    def _via(self, flow: Flow, branch: str) -> Via:
        return Via(
            transport=flow.transport,
            host=self.host,
            port=flow.local[1],
            parameters=(("branch", branch), ("rport", None)),
        )

    def _now_ms(self) -> float:
        return asyncio.get_running_loop().time() * 1_000


def _counted_as(address: str) -> str:
    """What an address is counted with."""
    if ":" not in address:
        return address
    whole = ipaddress.IPv6Address(address)
    return str(whole.ipv4_mapped or ipaddress.IPv6Network((whole.packed, 64), strict=False))


def _sent_key(message: Message) -> Key:
    return "sent", *client_key(message)


def _taken_key(request: Request, *, method: str | None = None) -> Key:
    return "taken", *server_key(request, method=method)


def _answer_flow(request: Request, flow: Flow) -> Flow:
    """Where an answer goes: back over a connection; over UDP to where the request came from (section 18.2.2).

    Without rport the port is the one its Via names, as RFC 3261 has it.
    """
    if not isinstance(flow, UdpFlow):
        return flow
    try:
        via = request.via
    except MalformedError:
        return flow
    if via.parameter("rport") is not None:
        return flow
    return flow.to((flow.remote[0], via.port or 5060))


def _ignore(_: Response | None) -> None:
    """An answer that changes nothing."""

"""Phones on loopback for the tests of calls, and a peer that a test plays itself."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from ringfence.carriers.sip.address import Address
from ringfence.carriers.sip.callee import IncomingCall
from ringfence.carriers.sip.caller import OutgoingCall
from ringfence.carriers.sip.endpoint import Endpoint, Incoming
from ringfence.carriers.sip.flow import Flow
from ringfence.carriers.sip.message import Request, Response, parse_message, respond
from ringfence.carriers.sip.switchboard import Switchboard
from ringfence.carriers.sip.uri import SipUri, Uri

HOST = "127.0.0.1"
OFFER, ANSWER, HELD = b"v=0 offer", b"v=0 answer", b"v=0 held"


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.005)


def run(story: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(40):
            await story()

    asyncio.run(bounded())


class Heard:
    """A listener that notes what it is told."""

    def __init__(self, *, takes: bytes = ANSWER) -> None:
        self.told: list[Any] = []
        self.takes = takes

    def ringing(self, status: int, description: bytes) -> None:
        self.told.append(("ringing", status, description))

    def answered(self, description: bytes) -> None:
        self.told.append(("answered", description))

    def offered(self, description: bytes) -> bytes:
        self.told.append(("offered", description))
        return self.takes

    def pressed(self, content_type: str, body: bytes) -> None:
        self.told.append(("pressed", content_type, body))

    def referred(self, target: Uri) -> bool:
        self.told.append(("referred", str(target)))
        return bool(self.takes)

    def ended(self, status: int) -> None:
        self.told.append(("ended", status))


class Phone:
    """An endpoint with a switchboard: it takes calls as `pick_up` says and makes them."""

    def __init__(self, pick_up: Callable[[IncomingCall], None] = lambda call: None, *, takes: bytes = ANSWER) -> None:
        self.switchboard = Switchboard(self)
        self.endpoint = Endpoint(self.switchboard, host=HOST)
        self.calls: list[IncomingCall] = []
        self.heard = Heard(takes=takes)
        self.port = 0
        self._pick_up = pick_up

    async def open(self) -> "Phone":
        self.port = await self.endpoint.listen_udp(HOST, 0)
        return self

    @property
    def contact(self) -> Address:
        return Address(uri=SipUri(user="me", host=HOST, port=self.port))

    def admits(self, flow: Flow) -> bool:
        return True

    def knows(self, flow: Flow) -> bool:
        return True

    def noise(self, flow: Flow, request: Request | None = None) -> None:
        raise AssertionError("everybody is known here")

    def stranger(self, incoming: Incoming) -> None:
        raise AssertionError("everybody is known here")

    def call(self, incoming: Incoming) -> None:
        call = IncomingCall(self.endpoint, incoming, self.heard, contact=self.contact)
        self.switchboard.add(call, call_id=call.call_id, tag=call.tag)
        self.calls.append(call)
        self._pick_up(call)

    def other(self, incoming: Incoming) -> bool:
        return False

    def dial(self, port: int, *, to: str = "them", **options: Any) -> OutgoingCall:
        target = SipUri(user=to, host=HOST, port=port)
        call = OutgoingCall(
            self.endpoint,
            self.endpoint.udp_flow((HOST, port)),
            self.heard,
            target=target,
            caller=Address(uri=SipUri(user="me", host=HOST)),
            called=Address(uri=target),
            contact=self.contact,
            offer=OFFER,
            **options,
        )
        self.switchboard.add(call, call_id=call.call_id, tag=call.tag)
        call.start()
        return call


def answers(call: IncomingCall) -> None:
    call.ring()
    call.answer(ANSWER)


async def closed(*phones: Phone) -> None:
    for phone in phones:
        await phone.endpoint.close()


class Peer(asyncio.DatagramProtocol):
    """The other end of a wire, played by the test itself."""

    def __init__(self, play: Callable[["Peer", Request | Response, tuple[str, int]], None]) -> None:
        self.heard: list[Request | Response] = []
        self._play = play
        self.socket: Any = None

    def connection_made(self, transport: Any) -> None:
        self.socket = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        message = parse_message(data)
        self.heard.append(message)
        self._play(self, message, addr)

    @property
    def port(self) -> int:
        return int(self.socket.get_extra_info("sockname")[1])

    def methods(self) -> list[str]:
        return [one.method for one in self.heard if isinstance(one, Request)]

    def say(self, asked: Request, status: int, place: tuple[str, int], *more: tuple[str, str], tag: str = "77") -> None:
        response = respond(asked, status, tag=tag)
        response.headers.add("contact", f"<sip:peer@{HOST}:{self.port}>")
        for name, value in more:
            response.headers.add(name, value)
        if asked.method == "INVITE" and status != 100:
            response.set_body(ANSWER, "application/sdp")
        self.socket.sendto(bytes(response), place)


async def peer(play: Callable[[Peer, Request | Response, tuple[str, int]], None]) -> Peer:
    _, made = await asyncio.get_running_loop().create_datagram_endpoint(lambda: Peer(play), local_addr=(HOST, 0))
    return made


def finals(other: Peer) -> list[Response]:
    return [one for one in other.heard if isinstance(one, Response) and one.status >= 200]


def invite(port: int, *more: str, body: bytes = b"", kind: str = "application/sdp") -> bytes:
    lines = [
        f"INVITE sip:me@{HOST}:{port} SIP/2.0",
        f"Via: SIP/2.0/UDP {HOST};rport;branch=z9hG4bKpeer{len(more)}",
        "From: <sip:peer@p.example>;tag=1",
        f"To: <sip:me@{HOST}>",
        "Call-ID: raw",
        "CSeq: 1 INVITE",
        f"Contact: <sip:peer@{HOST}>",
        *([f"Content-Type: {kind}"] if body else []),
        *more,
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body

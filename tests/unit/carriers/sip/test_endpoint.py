"""Endpoints talk to each other and to raw sockets on loopback, over UDP, TCP and TLS."""

import asyncio
import datetime
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ringfence.carriers.sip.endpoint import Endpoint, Incoming, _counted_as
from ringfence.carriers.sip.flow import Flow
from ringfence.carriers.sip.headers import Headers
from ringfence.carriers.sip.message import Request, Response, respond
from ringfence.carriers.sip.uri import SipUri

HOST = "127.0.0.1"
BOB = SipUri(user="bob", host=HOST)


class Callee:
    """A handler that notes what comes and answers as it is told."""

    def __init__(
        self, answer: Callable[[Incoming], None] | None = None, *, admitted: bool = True, known: bool = True
    ) -> None:
        self.taken: list[Incoming] = []
        self.acks: list[Request] = []
        self.strays: list[Response] = []
        self._answer = answer
        self._admitted = admitted
        self._known = known
        self.noises = 0

    def admits(self, flow: Flow) -> bool:
        return self._admitted

    def knows(self, flow: Flow) -> bool:
        return self._known

    def noise(self, flow: Flow, request: Request | None = None) -> None:
        self.noises += 1

    def request(self, incoming: Incoming) -> None:
        self.taken.append(incoming)
        if self._answer is not None:
            self._answer(incoming)

    def acknowledged(self, request: Request) -> None:
        self.acks.append(request)

    def stray(self, response: Response, flow: Flow) -> None:
        self.strays.append(response)


def says(status: int) -> Callable[[Incoming], None]:
    return lambda incoming: incoming.respond(respond(incoming.request, status, tag="77"))


def request(method: str = "OPTIONS", sequence: int = 1) -> Request:
    headers = Headers(
        [
            ("Max-Forwards", "70"),
            ("From", "<sip:alice@127.0.0.1>;tag=88"),
            ("To", "<sip:bob@127.0.0.1>"),
            ("Call-ID", "c1"),
            ("CSeq", f"{sequence} {method}"),
        ]
    )
    return Request(method, BOB, headers)


class Answers:
    """What came back for one request."""

    def __init__(self) -> None:
        self.statuses: list[int | None] = []
        self._more = asyncio.Event()

    def __call__(self, response: Response | None) -> None:
        self.statuses.append(None if response is None else response.status)
        self._more.set()

    async def until(self, *statuses: int | None) -> None:
        async with asyncio.timeout(5):
            while self.statuses[-len(statuses) :] != list(statuses):
                self._more.clear()
                await self._more.wait()


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


def run(story: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(20):
            await story()

    asyncio.run(bounded())


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "localhost.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.mark.parametrize("transport", ["UDP", "TCP", "TLS"])
def test_a_request_is_answered_over_each_transport(transport: str, certificate: Path) -> None:
    async def story() -> None:
        callee, caller = Callee(says(200)), Callee()
        server, client = Endpoint(callee, host=HOST), Endpoint(caller, host=HOST)
        if transport == "UDP":
            port = await server.listen_udp(HOST, 0)
            await client.listen_udp(HOST, 0)
            flow = client.udp_flow((HOST, port))
        else:
            ours = theirs = None
            if transport == "TLS":
                ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                ours.load_cert_chain(certificate)
                theirs = ssl.create_default_context(cafile=str(certificate))
            port = await server.listen_tcp(HOST, 0, tls=ours)
            flow = await client.stream_flow((HOST, port), tls=theirs, server_name="localhost")
            assert await client.stream_flow((HOST, port), tls=theirs) is flow, "the connection is kept"
        answers = Answers()
        client.request(request(), flow, answers)
        await answers.until(200)
        (taken,) = callee.taken
        assert (taken.request.via.transport, taken.flow.transport) == (transport, transport)
        assert taken.request.via.parameter("rport") == str(taken.flow.remote[1])
        await client.close()
        await server.close()

    run(story)


def test_a_request_goes_back_over_the_connection_it_came_by() -> None:
    async def story() -> None:
        callee, caller = Callee(says(200)), Callee(says(486))
        server, client = Endpoint(callee, host=HOST), Endpoint(caller, host=HOST)
        port = await server.listen_tcp(HOST, 0)
        first, second = Answers(), Answers()
        client.request(request(), await client.stream_flow((HOST, port)), first)
        await first.until(200)
        server.request(request("INFO"), callee.taken[0].flow, second)
        await second.until(486)
        await client.close()
        await server.close()

    run(story)


def test_an_invite_rings_is_answered_and_acknowledged() -> None:
    async def story() -> None:
        callee, caller = Callee(says(180)), Callee()
        server, client = Endpoint(callee, host=HOST), Endpoint(caller, host=HOST)
        port = await server.listen_udp(HOST, 0)
        await client.listen_udp(HOST, 0)
        flow = client.udp_flow((HOST, port))
        answers = Answers()
        client.request(request("INVITE"), flow, answers)
        await answers.until(100, 180)
        callee.taken[0].respond(respond(callee.taken[0].request, 200, tag="77"))
        await answers.until(200)
        ack = request("ACK")
        client.send(ack, flow)
        await eventually(lambda: len(callee.acks) == 1)
        assert callee.acks[0].cseq == (1, "ACK")
        await client.close()
        await server.close()

    run(story)


def test_a_refusal_is_acknowledged_by_the_endpoint_itself() -> None:
    async def story() -> None:
        callee, caller = Callee(says(486)), Callee()
        server, client = Endpoint(callee, host=HOST), Endpoint(caller, host=HOST)
        port = await server.listen_tcp(HOST, 0)
        answers = Answers()
        client.request(request("INVITE"), await client.stream_flow((HOST, port)), answers)
        await answers.until(100, 486)
        await eventually(lambda: "0 taken" in repr(server))
        assert callee.acks == []
        await client.close()
        await server.close()

    run(story)


@pytest.mark.parametrize("asked", ["before ringing", "while ringing"])
def test_a_call_is_called_back(asked: str) -> None:
    async def story() -> None:
        def ring(incoming: Incoming) -> None:
            if incoming.request.method == "INVITE":
                incoming.cancelled = lambda: says(487)(incoming)
                says(180)(incoming)

        callee, caller = Callee(ring), Callee()
        server, client = Endpoint(callee, host=HOST), Endpoint(caller, host=HOST)
        port = await server.listen_udp(HOST, 0)
        await client.listen_udp(HOST, 0)
        answers = Answers()
        outgoing = client.request(request("INVITE"), client.udp_flow((HOST, port)), answers)
        if asked == "while ringing":
            await answers.until(180)
        outgoing.cancel()
        outgoing.cancel()
        await answers.until(487)
        outgoing.cancel()
        await eventually(lambda: repr(client).startswith("Endpoint(2 sent"))
        assert [taken.request.method for taken in callee.taken] == ["INVITE"]
        await client.close()
        await server.close()

    run(story)


class Raw(asyncio.DatagramProtocol):
    """A bare UDP socket."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.heard.append(data)

    async def until(self, count: int) -> list[str]:
        await eventually(lambda: len(self.heard) >= count)
        return [data.split(b"\r\n", 1)[0].decode() for data in self.heard]


async def raw_socket(host: str = HOST) -> tuple[asyncio.DatagramTransport, Raw]:
    return await asyncio.get_running_loop().create_datagram_endpoint(Raw, local_addr=(host, 0))


def text(
    method: str = "OPTIONS", *, via: str = f"SIP/2.0/UDP {HOST};rport;branch=z9hG4bKraw", to: str = "<sip:b@b>"
) -> bytes:
    return (
        f"{method} sip:b@b SIP/2.0\r\nVia: {via}\r\nFrom: <sip:a@a>;tag=1\r\nTo: {to}\r\n"
        f"Call-ID: x\r\nCSeq: 1 {method}\r\n\r\n"
    ).encode()


def test_what_is_sent_again_is_answered_again_and_handled_once() -> None:
    async def story() -> None:
        callee = Callee(says(200))
        server = Endpoint(callee, host=HOST)
        port = await server.listen_udp(HOST, 0)
        socket, raw = await raw_socket()
        for _ in range(3):
            socket.sendto(text(), (HOST, port))
        assert await raw.until(3) == ["SIP/2.0 200 OK"] * 3
        assert len(callee.taken) == 1
        socket.close()
        await server.close()

    run(story)


def test_without_rport_an_answer_goes_to_the_port_that_via_names() -> None:
    async def story() -> None:
        server = Endpoint(Callee(says(200)), host=HOST)
        port = await server.listen_udp(HOST, 0)
        asking, _ = await raw_socket()
        named, raw = await raw_socket()
        place = named.get_extra_info("sockname")[1]
        asking.sendto(text(via=f"SIP/2.0/UDP other.example:{place};branch=z9hG4bKraw"), (HOST, port))
        assert await raw.until(1) == ["SIP/2.0 200 OK"]
        assert b"received=127.0.0.1" in raw.heard[0]
        asking.close()
        named.close()
        await server.close()

    run(story)


def test_a_crooked_request_is_refused_and_noise_hears_nothing() -> None:
    async def story() -> None:
        server = Endpoint(Callee(says(200)), host=HOST)
        port = await server.listen_udp(HOST, 0)
        socket, raw = await raw_socket()
        for data in (b"noise", b"\r\n\r\n", b"\0" * 4, b"GET / HTTP/1.1\r\n\r\n", text("ACK", to="x y"), text("ACK")):
            socket.sendto(data, (HOST, port))
        socket.sendto(text(to="x y"), (HOST, port))
        socket.sendto(text("CANCEL"), (HOST, port))
        answers = await raw.until(2)
        assert answers == ["SIP/2.0 400 Bad Request", "SIP/2.0 481 Call/Transaction Does Not Exist"]
        socket.close()
        await server.close()

    run(story)


def test_a_scanner_hears_nothing_at_all() -> None:
    async def story() -> None:
        callee = Callee(says(200), admitted=False)
        server = Endpoint(callee, host=HOST)
        port = await server.listen_udp(HOST, 0)
        socket, raw = await raw_socket()
        for data in (text(), text(to="x y"), text("INVITE")):
            socket.sendto(data, (HOST, port))
        open_ = Endpoint(Callee(says(200)), host=HOST)
        other = await open_.listen_udp(HOST, 0)
        socket.sendto(text(), (HOST, other))
        assert await raw.until(1) == ["SIP/2.0 200 OK"], "the one that does answer came last"
        assert callee.taken == []
        socket.close()
        await server.close()
        await open_.close()

    run(story)


def test_an_answer_that_is_not_ours_is_dropped_and_a_late_200_is_passed_on() -> None:
    async def story() -> None:
        caller = Callee()
        client = Endpoint(caller, host=HOST)
        port = await client.listen_udp(HOST, 0)
        socket, _ = await raw_socket()
        for host in ("255.255.255.255", HOST):
            answer = text("INVITE", via=f"SIP/2.0/UDP {host};branch=z9hG4bKold").replace(
                b"INVITE sip:b@b SIP/2.0", b"SIP/2.0 200 OK"
            )
            socket.sendto(answer, (HOST, port))
        await eventually(lambda: len(caller.strays) == 1)
        assert caller.strays[0].via.host == HOST
        socket.close()
        await client.close()

    run(story)


def test_a_connection_that_breaks_ends_what_waits_on_it() -> None:
    async def story() -> None:
        async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(10)
            writer.close()

        listener = await asyncio.start_server(hang_up, HOST, 0)
        client = Endpoint(Callee(), host=HOST)
        flow = await client.stream_flow((HOST, listener.sockets[0].getsockname()[1]))
        answers = Answers()
        client.request(request(), flow, answers)
        await answers.until(None)
        assert not flow.send(b"x")
        late = Answers()
        client.request(request(sequence=2), flow, late)
        await late.until(None)
        listener.close()
        await client.close()

    run(story)


def test_a_stream_that_cannot_be_cut_is_closed() -> None:
    async def story() -> None:
        server = Endpoint(Callee(says(200)), host=HOST)
        port = await server.listen_tcp(HOST, 0)
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(b"\r\n\r\n")
        assert await reader.readexactly(2) == b"\r\n", "a ping is answered"
        writer.write(text())
        assert await reader.read() == b"", "without its length nothing can be read of a stream"
        writer.close()
        await server.close()

    run(story)


@pytest.mark.parametrize("unbounded", [False, True])
def test_one_address_takes_no_more_than_its_share(monkeypatch: pytest.MonkeyPatch, unbounded: bool) -> None:
    """A registered phone that floods us leaves room for the others; a trunk may have all of it."""
    monkeypatch.setattr("ringfence.carriers.sip.endpoint.MAX_OF_ADDRESS", 3)

    async def story() -> None:
        callee = Callee(says(200))
        server = Endpoint(callee, host=HOST, unbounded=lambda address: unbounded and address == HOST)
        port = await server.listen_udp(HOST, 0)
        socket, raw = await raw_socket()
        for number in range(5):
            socket.sendto(text(via=f"SIP/2.0/UDP {HOST};rport;branch=z9hG4bK{number}"), (HOST, port))
        answers = await raw.until(5)
        assert answers.count("SIP/2.0 200 OK") == (5 if unbounded else 3)
        assert answers.count("SIP/2.0 503 Service Unavailable") == (0 if unbounded else 2)
        neighbour, heard = await raw_socket("127.0.0.2")
        neighbour.sendto(text(via="SIP/2.0/UDP 127.0.0.2;rport;branch=z9hG4bKnext"), (HOST, port))
        assert await heard.until(1) == ["SIP/2.0 200 OK"]
        socket.close()
        neighbour.close()
        await server.close()

    run(story)


def test_a_share_is_free_again_when_its_requests_are_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ringfence.carriers.sip.endpoint.MAX_OF_ADDRESS", 1)

    async def story() -> None:
        callee = Callee(lambda incoming: incoming.respond_once(respond(incoming.request, 401, tag="7")))
        server = Endpoint(callee, host=HOST)
        port = await server.listen_udp(HOST, 0)
        socket, raw = await raw_socket()
        for number in range(3):
            socket.sendto(text(via=f"SIP/2.0/UDP {HOST};rport;branch=z9hG4bK{number}"), (HOST, port))
            assert await raw.until(number + 1) == ["SIP/2.0 401 Unauthorized"] * (number + 1)
        assert not server._of_address
        # Over a connection a request is over with its answer.
        stream = await server.listen_tcp(HOST, 0)
        callee._answer = says(200)
        reader, writer = await asyncio.open_connection(HOST, stream)
        for number in range(3):
            via = f"SIP/2.0/TCP {HOST};branch=z9hG4bKtcp{number}"
            writer.write(text(via=via).replace(b"\r\n\r\n", b"\r\nContent-Length: 0\r\n\r\n"))
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"SIP/2.0 200 OK")
        assert not server._of_address
        writer.close()
        socket.close()
        await server.close()

    run(story)


def test_a_network_of_ipv6_is_one_address() -> None:
    assert _counted_as("2001:db8::1") == _counted_as("2001:db8:0:0:ffff::2")
    assert _counted_as("2001:db8::1") != _counted_as("2001:db8:0:1::1")
    assert _counted_as("::ffff:192.0.2.1") == _counted_as("192.0.2.1") == "192.0.2.1"
    assert _counted_as("fe80::1%lo") == _counted_as("fe80::2")


def test_too_many_at_once_are_told_to_come_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ringfence.carriers.sip.endpoint.MAX_TRANSACTIONS", 1)

    async def story() -> None:
        server = Endpoint(Callee(), host=HOST)
        port = await server.listen_udp(HOST, 0)
        socket, raw = await raw_socket()
        socket.sendto(text(), (HOST, port))
        socket.sendto(text(via=f"SIP/2.0/UDP {HOST};rport;branch=z9hG4bKtwo"), (HOST, port))
        assert await raw.until(1) == ["SIP/2.0 503 Service Unavailable"]
        assert b"Retry-After: 5" in raw.heard[0]
        socket.close()
        await server.close()

    run(story)

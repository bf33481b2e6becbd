"""The proxy on its port: what ends here, what passes, and what is told when neither can be."""

import asyncio
import base64
import contextlib
import os
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from ringfence.devproxy import proxy as module
from ringfence.devproxy.authority import Authority, open_authority
from ringfence.devproxy.installation_side import InstallationSide
from ringfence.devproxy.proxy import Proxy
from ringfence.devproxy.requests import Request
from ringfence.devproxy.tunnel import Upstream

CREDENTIAL = base64.b64encode(b"AC" + b"1" * 32 + b":token")
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Seen:
    """Stands where accounts are made: keeps what it saw."""

    def __init__(self) -> None:
        self.before_sent: list[Request] = []
        self.not_let_in: list[Request] = []

    async def before(self, request: Request) -> None:
        self.before_sent.append(request)

    def refused(self, request: Request) -> None:
        self.not_let_in.append(request)


class Server:
    """Answers each request head on a connection with the next of `answers`."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers)
        self.requests: list[bytes] = []
        self.connections = 0
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while self.answers:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
                self.requests.append(head + await reader.readexactly(length))
                answer = self.answers.pop(0)
                writer.write(answer)
                if b"connection: close" in answer:
                    break
            await writer.drain()
        writer.close()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["Server"]:
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        yield self
        server.close()


def answer(status: int, body: bytes = b"", *, close: bool = False) -> bytes:
    extra = b"connection: close\r\n" if close else b""
    return b"HTTP/1.1 %d X\r\n%scontent-length: %d\r\n\r\n" % (status, extra, len(body)) + body


class Place:
    """A proxy before an installation."""

    def __init__(self, authority: Authority, *answers: bytes) -> None:
        self.authority = authority
        self.installation = Server(*answers)
        self.seen = Seen()
        self.said: list[str] = []
        self.port = 0
        self.url = ""

    @contextlib.asynccontextmanager
    async def running(self, **environment: str) -> AsyncIterator["Place"]:
        async with self.installation.running():
            side = InstallationSide("127.0.0.1", self.installation.port, self.seen, self.said.append)
            proxy = Proxy(self.authority, side, Upstream(environment), self.said.append)
            await proxy.start()
            self.port = proxy.port
            self.url = proxy.url
            yield self
            await proxy.close()

    async def connect(self, authority: str) -> Streams:
        """A tunnel by CONNECT."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 "), head
        return reader, writer

    async def connect_secure(self, host: str) -> Streams:
        """The same, and a TLS session in it that trusts the authority alone."""
        reader, writer = await self.connect(f"{host}:443")
        context = ssl.create_default_context(cadata=self.authority.certificate_pem.decode())
        await writer.start_tls(context, server_hostname=host)
        return reader, writer

    async def ask(self, head: bytes) -> bytes:
        """What comes back until the proxy closes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(head)
        async with asyncio.timeout(10):
            back = await reader.read()
        writer.close()
        return back


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return open_authority(tmp_path_factory.mktemp("authority") / "kept")


@pytest.fixture
def at(authority: Authority, run: Any) -> Callable[..., Place]:
    """Run one test's coroutine at a proxy whose installation gives these answers."""

    def runner(test: Callable[[Place], Awaitable[None]], *answers: bytes, **environment: str) -> Place:
        place = Place(authority, *answers)

        async def whole() -> None:
            async with place.running(**environment):
                await test(place)

        run(whole())
        return place

    return runner


async def read_answer(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    return head + await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]))


@pytest.fixture
def told_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that does not tell whose a connection is."""
    monkeypatch.setattr(module, "uid_at", lambda far, near: None)


def secret_of(url: str) -> bytes:
    return base64.b64encode(url.removeprefix("http://").partition("@")[0].encode())


@pytest.mark.usefixtures("told_nothing")
def test_who_has_the_secret_is_let_in_and_nobody_else(at: Any) -> None:
    head = b"GET http://api.twilio.com/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"

    async def test(place: Place) -> None:
        assert place.url.endswith(f"@127.0.0.1:{place.port}")
        right = b"Proxy-Authorization: Basic " + secret_of(place.url) + b"\r\n\r\n"
        assert (await place.ask(head + right)).startswith(b"HTTP/1.1 200")
        assert b"proxy-authorization" not in place.installation.requests[0].lower()
        wrong = (b"", b"Proxy-Authorization: Basic " + CREDENTIAL + b"\r\n", b"Proxy-Authorization: Basic %\r\n")
        for line in (*wrong, b"Proxy-Authorization: Bearer " + secret_of(place.url) + b"\r\n"):
            back = await place.ask(head + line + b"\r\n")
            assert back.startswith(b"HTTP/1.1 407 Refused\r\nproxy-authenticate: Basic ")
            tunnel = await place.ask(b"CONNECT api.twilio.com:443 HTTP/1.1\r\n" + line + b"\r\n")
            assert tunnel.startswith(b"HTTP/1.1 407 ")

    place = at(test, answer(200, close=True))
    assert set(place.said) == {module.STRANGER_SEEN}
    assert len(place.installation.requests) == 1


def test_another_users_process_is_not_let_in(at: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "uid_at", lambda far, near: os.geteuid() + 1)

    async def test(place: Place) -> None:
        assert (await place.ask(b"CONNECT a.example:443 HTTP/1.1\r\n\r\n")).startswith(b"HTTP/1.1 407 ")

    at(test)


def test_each_run_has_a_secret_of_its_own(authority: Authority) -> None:
    side = InstallationSide("127.0.0.1", 1, Seen(), print)
    urls = {Proxy(authority, side, Upstream({}), print).url for _ in range(3)}
    assert len(urls) == 3


GET = b"GET /x HTTP/1.1\r\nHost: elsewhere\r\nAuthorization: Basic " + CREDENTIAL + b"\r\n\r\n"


def test_requests_to_twilio_reach_the_installation_on_one_connection_with_the_host_asked_for(at: Any) -> None:
    async def test(place: Place) -> None:
        reader, writer = await place.connect_secure("Verify.twilio.com")
        for number in (b"1", b"2"):
            writer.write(GET)
            assert await read_answer(reader) == answer(200, number)
        writer.close()

    place = at(test, answer(200, b"1"), answer(200, b"2"))
    sent = b"GET /x HTTP/1.1\r\nhost: Verify.twilio.com\r\nauthorization: Basic " + CREDENTIAL + b"\r\n\r\n"
    assert place.installation.requests == [sent, sent]
    assert place.installation.connections == 1
    assert [request.path for request in place.seen.before_sent] == ["/x", "/x"]
    assert place.said == []


def test_an_answer_that_ends_the_connection_ends_it_here_too(at: Any) -> None:
    async def test(place: Place) -> None:
        reader, writer = await place.connect_secure("api.twilio.com")
        writer.write(GET)
        assert await reader.read() == answer(401, b"no", close=True)
        writer.close()

    place = at(test, answer(401, b"no", close=True))
    assert len(place.seen.not_let_in) == 1


def test_what_is_not_there_yet_is_told_by_its_template(at: Any) -> None:
    async def test(place: Place) -> None:
        reader, writer = await place.connect_secure("verify.twilio.com")
        writer.write(GET)
        await read_answer(reader)
        writer.write(GET)
        await read_answer(reader)
        writer.close()

    place = at(test, answer(501, b'{"message": "POST /v2/{Sid} is not"}'), answer(501, b"<xml/>"))
    assert [line.partition(" → ")[0] for line in place.said] == [
        "501: POST /v2/{Sid} is not",
        "501: that is not available here yet.",
    ]


def test_a_dead_installation_is_told_with_its_cure_to_program_and_owner(at: Any) -> None:
    async def test(place: Place) -> None:
        reader, writer = await place.connect_secure("api.twilio.com")
        writer.write(GET)
        back = await reader.read()
        assert back.startswith(b"HTTP/1.1 503 ")
        assert "start it in another terminal: ringfence up" in back.decode()
        writer.close()

    (line,) = at(test).said
    assert line.endswith("→ start it in another terminal: ringfence up")


def test_a_client_that_does_not_trust_the_authority_is_told_of(at: Any) -> None:
    async def test(place: Place) -> None:
        _, writer = await place.connect("api.twilio.com:443")
        with pytest.raises(ssl.SSLCertVerificationError):
            await writer.start_tls(ssl.create_default_context(), server_hostname="api.twilio.com")
        for _ in range(100):
            if place.said:
                break
            await asyncio.sleep(0.02)

    (line,) = at(test).said
    assert line.startswith("api.twilio.com: the program refused the certificate (")


def test_http_2_without_negotiation_is_told_of(at: Any) -> None:
    async def test(place: Place) -> None:
        reader, writer = await place.connect_secure("api.twilio.com")
        writer.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 505 ")
        writer.close()

    (line,) = at(test).said
    assert line.startswith("api.twilio.com: the program speaks HTTP/2 only → ")


def test_a_body_that_waits_for_leave_gets_it(at: Any) -> None:
    async def test(place: Place) -> None:
        reader, writer = await place.connect_secure("api.twilio.com")
        writer.write(b"POST / HTTP/1.1\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n")
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"x")
        assert await read_answer(reader) == answer(200)
        writer.close()

    at(test, answer(200))


def test_an_absolute_request_for_twilio_goes_to_the_installation_whatever_its_scheme(at: Any) -> None:
    async def test(place: Place) -> None:
        for scheme in (b"http", b"HTTPS"):
            target = scheme + b"://api.twilio.com/y?z=1"
            head = b"GET " + target + b" HTTP/1.1\r\nHost: api.twilio.com\r\nConnection: close\r\n\r\n"
            assert await place.ask(head) == answer(200, b"y")

    place = at(test, answer(200, b"y"), answer(200, b"y"))
    assert place.installation.requests == [b"GET /y?z=1 HTTP/1.1\r\nhost: api.twilio.com\r\n\r\n"] * 2


def test_other_hosts_are_tunnelled_byte_for_byte_even_half_closed(at: Any) -> None:
    async def test(place: Place) -> None:
        async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"<" + await reader.read() + b">")
            writer.close()

        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        reader, writer = await place.connect(f"127.0.0.1:{server.sockets[0].getsockname()[1]}")
        sent = b"\x16\x03\x01GET / HTTP/1.1\r\n\r\n" + bytes(range(256)) * 1000
        writer.write(sent)
        writer.write_eof()
        assert await reader.read() == b"<" + sent + b">"
        writer.close()
        server.close()

    place = at(test)
    assert place.seen.before_sent == []
    assert place.installation.requests == []


def test_an_absolute_request_for_another_host_goes_there_once(at: Any) -> None:
    other = Server(answer(200, b"there"))

    async def test(place: Place) -> None:
        async with other.running():
            host = b"127.0.0.1:%d" % other.port
            head = b"POST http://" + host + b"/a?b=c HTTP/1.1\r\nHost: " + host + b"\r\nContent-Length: 2\r\n"
            back = await place.ask(head + b"Proxy-Connection: keep-alive\r\nConnection: keep-alive\r\n\r\nhi")
            assert back == answer(200, b"there")

    at(test)
    (sent,) = other.requests
    assert sent.startswith(b"POST /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:")
    assert sent.endswith(b"\r\nContent-Length: 2\r\nconnection: close\r\n\r\nhi")


def test_a_twilio_credential_leaves_for_no_other_host_in_the_clear(at: Any) -> None:
    other = Server(answer(200))

    async def test(place: Place) -> None:
        async with other.running():
            head = b"GET http://127.0.0.1:%d/ HTTP/1.1\r\nauthorization:Basic " % other.port + CREDENTIAL
            assert (await place.ask(head + b"\r\n\r\n")).startswith(b"HTTP/1.1 403 ")

    place = at(test)
    assert other.connections == 0
    assert CREDENTIAL.decode() not in place.said[0]


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET ftp://a/ HTTP/1.1\r\n\r\n",
        b"CONNECT a HTTP/2\r\n\r\n",
        b"CONNECT a:0 HTTP/1.1\r\n\r\n",
        b"CONNECT :443 HTTP/1.1\r\n\r\n",
        b"\xff\xff \r\n\r\n",
        b"x" * (2 * module.MAX_HEAD_BYTES),
    ],
)
def test_what_is_for_no_proxy_is_refused(at: Any, head: bytes) -> None:
    async def test(place: Place) -> None:
        assert (await place.ask(head)).startswith(b"HTTP/1.1 400 ")

    at(test)


def test_a_host_that_cannot_be_reached_is_answered_with_502(at: Any) -> None:
    async def test(place: Place) -> None:
        for line in (b"CONNECT 127.0.0.1:1", b"GET http://127.0.0.1:1/"):
            assert (await place.ask(line + b" HTTP/1.1\r\n\r\n")).startswith(b"HTTP/1.1 502 ")

    at(test)


def test_connections_are_bounded(at: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_CONNECTIONS", 1)

    async def test(place: Place) -> None:
        _, writer = await place.connect("api.twilio.com:443")
        assert (await place.ask(b"CONNECT api.twilio.com:443 HTTP/1.1\r\n\r\n")).startswith(b"HTTP/1.1 503 ")
        writer.close()

    at(test)


def test_the_proxy_that_was_there_before_still_carries_other_hosts(authority: Authority, run: Any) -> None:
    beyond = Server(b"HTTP/1.1 200 Connection established\r\n\r\n", answer(200, b"by way"))

    async def whole() -> None:
        async with beyond.running():
            url = f"http://me:p%40ss@127.0.0.1:{beyond.port}"
            async with Place(authority).running(HTTPS_PROXY=url, NO_PROXY="localhost") as place:
                reader, writer = await place.connect("far.example:443")
                writer.write(b"GET / HTTP/1.1\r\n\r\n")
                assert await read_answer(reader) == answer(200, b"by way")
                writer.close()

    run(whole())
    credential = base64.b64encode(b"me:p@ss")
    assert beyond.requests[0] == (
        b"CONNECT far.example:443 HTTP/1.1\r\nhost: far.example:443\r\nproxy-authorization: Basic "
        + credential
        + b"\r\n\r\n"
    )


def test_hosts_that_went_beside_that_proxy_still_do(authority: Authority, run: Any) -> None:
    direct = Server(answer(200, b"straight"))

    async def whole() -> None:
        async with direct.running():
            before = {"https_proxy": "http://127.0.0.1:1", "NO_PROXY": "127.0.0.1"}
            async with Place(authority).running(**before) as place:
                reader, writer = await place.connect(f"127.0.0.1:{direct.port}")
                writer.write(b"GET / HTTP/1.1\r\n\r\n")
                assert await read_answer(reader) == answer(200, b"straight")
                writer.close()

    run(whole())


def test_a_proxy_beyond_that_refuses_is_answered_with_502(authority: Authority, run: Any) -> None:
    beyond = Server(answer(407, close=True))

    async def whole() -> None:
        async with (
            beyond.running(),
            Place(authority).running(HTTPS_PROXY=f"http://127.0.0.1:{beyond.port}") as place,
        ):
            assert (await place.ask(b"CONNECT far.example:443 HTTP/1.1\r\n\r\n")).startswith(b"HTTP/1.1 502 ")

    run(whole())


@pytest.mark.parametrize("url", ["socks5://127.0.0.1:1", "http://"])
def test_a_proxy_beyond_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="HTTPS_PROXY is no http:// URL"):
        Upstream({"HTTPS_PROXY": url})


def test_an_open_tunnel_ends_with_the_proxy(authority: Authority, run: Any, tmp_path: Path) -> None:
    silent = Server(b"")

    async def whole() -> None:
        async with silent.running():
            async with Place(authority).running() as place:
                reader, writer = await place.connect(f"127.0.0.1:{silent.port}")
            assert await reader.read() == b""
            writer.close()

    run(whole())

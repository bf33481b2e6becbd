"""SIP over WebSocket: browsers register, call and are called; other sites' pages are nobody here."""

import asyncio
import ssl
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from tests.clients.bare import certificate
from tests.unit.carriers.sip.desk import ACCOUNT, Ear, Site, Tokens
from tests.unit.carriers.sip.wire import ANSWER, HOST, OFFER, eventually, run
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from ringfence.carriers.sip import websocket
from ringfence.carriers.sip.headers import Headers
from ringfence.carriers.sip.listen import Listen
from ringfence.carriers.sip.message import Request, Response, parse_message, respond
from ringfence.carriers.sip.serve import serve
from ringfence.carriers.sip.uri import parse_uri
from ringfence.carriers.sip.websocket import WebSocketFlow, phones_page
from ringfence.ports.line import Destination, IncomingLine, NoRouteError
from ringfence.ports.sip_access import ClientLogin

PHONES_PORT = 8420
PAGE = f"http://localhost:{PHONES_PORT}"
HANDSET = "+12025550177"
OFFER_OF_A_BROWSER = b"v=0\r\na=fingerprint:sha-256 00\r\n"
SHOP = "+12025550123"


def of_phones(flow: object) -> bool:
    return isinstance(flow, WebSocketFlow) and flow.from_phones


class Browser:
    """A page's connection, with one SIP user on it."""

    def __init__(self, socket: ClientConnection, user: str, *more: tuple[str, str]) -> None:
        self.socket = socket
        self._user = user
        self._more = more
        self._sequence = 0
        self.provisional: list[Response] = []

    async def ask(self, method: str, to: str, body: bytes = b"") -> Response:
        self._sequence += 1
        headers = Headers(
            [
                ("Via", f"SIP/2.0/WS df7jal23ls0d.invalid;branch=z9hG4bK{method}{self._sequence}"),
                ("Max-Forwards", "70"),
                ("From", f"<sip:{self._user}@phones.invalid>;tag=1"),
                ("To", f"<{to}>"),
                ("Call-ID", f"call-{method}"),
                ("CSeq", f"{self._sequence} {method}"),
                ("Contact", f"<sip:{self._user}@df7jal23ls0d.invalid;transport=ws>"),
                *self._more,
            ]
        )
        request = Request(method, parse_uri("sip:phones.invalid" if method == "REGISTER" else to), headers)
        if body:
            request.set_body(body, "application/sdp")
        await self.socket.send(bytes(request).decode())
        while True:
            message = await self.hear()
            if isinstance(message, Response):
                if message.status >= 200:
                    return message
                self.provisional.append(message)

    async def hear(self) -> Request | Response:
        said = await asyncio.wait_for(self.socket.recv(), 5)
        return parse_message(said.encode() if isinstance(said, str) else said)

    async def register(self) -> int:
        return (await self.ask("REGISTER", f"sip:{self._user}@phones.invalid")).status


class Served:
    def __init__(self, site: Site, port: int) -> None:
        self.site = site
        self.port = port

    def page(self, origin: str | None = PAGE, **more: object) -> connect:
        more = {"subprotocols": ["sip"]} | more
        return connect(f"ws://{HOST}:{self.port}/sip", origin=origin, **more)  # type: ignore[arg-type]


async def served(*args: object, **more: object) -> Served:
    site = await Site(*args, is_phones=of_phones, **more).open()  # type: ignore[arg-type]
    (listen,) = await serve(site.lines, [Listen("ws", HOST, 0)], is_page=phones_page(PHONES_PORT))
    return Served(site, listen.port)


def test_a_handset_of_the_phones_page_registers_calls_and_is_called() -> None:
    async def story() -> None:
        it = await served(lambda line: line.answer(ANSWER))
        async with it.page() as socket:
            browser = Browser(socket, HANDSET)
            assert await browser.register() == 200
            answered = await browser.ask("INVITE", f"sip:{SHOP}@phones.invalid", OFFER_OF_A_BROWSER)
            assert answered.status == 200
            (line,) = it.site.desk.lines
            assert (line.to, line.sender, line.source, line.media) == (SHOP, HANDSET, "trunk:phones", "webrtc")
            there, ear = Destination(account=ACCOUNT, kind="number", address=HANDSET), Ear()
            (route,) = await it.site.lines.routes(there)
            assert (route.name, route.media) == ("phones", "webrtc")
            await it.site.lines.call(route, there, SHOP, OFFER, ear)
            invite = await browser.hear()
            while not (isinstance(invite, Request) and invite.method == "INVITE"):
                invite = await browser.hear()
            assert (invite.from_.uri, invite.body) == (parse_uri(f"sip:{SHOP}@{HOST}"), OFFER)
            await socket.send(bytes(respond(invite, 486, tag="9")).decode())
            await eventually(lambda: ear.end == 486)
        await it.site.close()

    run(story)


def test_a_handset_is_told_what_the_api_calls_its_calls() -> None:
    def rings(line: IncomingLine) -> None:
        line.call_sid = "CA1"
        line.ring()
        line.refuse(486)

    async def story() -> None:
        it = await served(rings)
        async with it.page() as socket:
            browser = Browser(socket, HANDSET)
            await browser.register()
            await browser.ask("INVITE", f"sip:{SHOP}@phones.invalid", OFFER_OF_A_BROWSER)
            (ringing,) = [one for one in browser.provisional if one.status == 180]
            assert ringing.headers.get("X-Twilio-CallSid") == "CA1"
            there = Destination(account=ACCOUNT, kind="number", address=HANDSET, call_sid="CA2")
            (route,) = await it.site.lines.routes(there)
            await it.site.lines.call(route, there, SHOP, OFFER, Ear())
            invite = await browser.hear()
            while not (isinstance(invite, Request) and invite.method == "INVITE"):
                invite = await browser.hear()
            assert invite.headers.get("X-Twilio-CallSid") == "CA2"
        await it.site.close()

    run(story)


def test_a_connection_that_ends_takes_its_bindings_and_calls_along() -> None:
    async def story() -> None:
        it = await served(lambda line: line.answer(ANSWER))
        there = Destination(account=ACCOUNT, kind="number", address=HANDSET)
        async with it.page() as socket:
            browser = Browser(socket, HANDSET)
            await browser.register()
            await browser.ask("INVITE", f"sip:{SHOP}@phones.invalid", OFFER_OF_A_BROWSER)
        await eventually(lambda: it.site.desk.ears[0].end == 200)
        with pytest.raises(NoRouteError):
            await it.site.lines.routes(there)
        await it.site.close()

    run(story)


def test_a_client_registers_with_its_token_and_calls_its_application() -> None:
    async def story() -> None:
        tokens = Tokens(good=ClientLogin(account=ACCOUNT, identity="bob", application="AP1"))
        it = await served(lambda line: line.answer(ANSWER), tokens=tokens)
        async with it.page("https://shop.example") as socket:
            browser = Browser(socket, "whoever", ("Authorization", "Bearer good"))
            assert await browser.register() == 200
            await browser.ask("INVITE", f"sip:{SHOP}@phones.invalid", OFFER_OF_A_BROWSER)
            (line,) = it.site.desk.lines
            assert (line.sender, line.source, line.account) == ("client:bob", "client", ACCOUNT)
            assert line.application == "AP1"
            bob = Destination(account=ACCOUNT, kind="client", address="bob")
            assert [route.media for route in await it.site.lines.routes(bob)] == ["webrtc"]
            other = Destination(account="AC" + "9" * 32, kind="client", address="bob")
            with pytest.raises(NoRouteError):
                await it.site.lines.routes(other)
        async with it.page("https://shop.example") as socket:
            assert await Browser(socket, "eve", ("Authorization", "Bearer bad")).register() == 401
        await it.site.close()

    run(story)


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://localhost:3000", "null", f"http://localhost.evil:{PHONES_PORT}"]
)
def test_another_sites_page_is_no_handset(origin: str) -> None:
    async def story() -> None:
        it = await served()
        async with it.page(origin) as socket:
            browser = Browser(socket, HANDSET)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await browser.register()
        with pytest.raises(NoRouteError):
            await it.site.lines.routes(Destination(account=ACCOUNT, kind="number", address=HANDSET))
        await it.site.close()

    run(story)


@pytest.mark.parametrize(
    ("remote", "host", "origin", "expected"),
    [
        (HOST, "localhost:5066", PAGE, True),
        (HOST, "127.0.0.1:5066", f"http://127.0.0.1:{PHONES_PORT}", True),
        ("::1", "[::1]:5066", f"http://[::1]:{PHONES_PORT}", True),
        (HOST, "localhost:5066", "", True),
        (HOST, "rebound.example:5066", PAGE, False),
        (HOST, "rebound.example:5066", "", False),
        ("192.0.2.7", "localhost:5066", PAGE, False),
        (HOST, "localhost:5066", "http://localhost", False),
        (HOST, "localhost:5066", f"ftp://localhost:{PHONES_PORT}", False),
        (HOST, "localhost:5066", "http://localhost:99999", False),
    ],
)
def test_the_phones_page_is_known_by_machine_name_and_origin(
    remote: str, host: str, origin: str, expected: bool
) -> None:
    assert phones_page(PHONES_PORT)(remote, host, origin) is expected


def test_what_does_not_speak_sip_over_it_is_refused() -> None:
    async def story() -> None:
        it = await served()
        with pytest.raises(InvalidStatus) as refused:
            async with it.page(subprotocols=["chat"]):
                pass
        assert refused.value.response.status_code == 400
        await it.site.close()

    run(story)


def test_blank_lines_are_answered_and_fragments_are_joined() -> None:
    async def story() -> None:
        it = await served()
        async with it.page() as socket:
            await socket.send("\r\n\r\n")
            assert await asyncio.wait_for(socket.recv(), 5) == "\r\n"
            options = (
                f"OPTIONS sip:{HOST} SIP/2.0\r\nVia: SIP/2.0/WS a.invalid;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n"
                "To: <sip:a@b>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
            )
            await socket.send([options[:30], options[30:90], options[90:]])
            answer = parse_message(str(await asyncio.wait_for(socket.recv(), 5)).encode())
            assert isinstance(answer, Response)
            assert answer.status == 200
        await it.site.close()

    run(story)


def test_a_browser_that_is_gone_without_a_word_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "PING_S", 0.05)

    async def story() -> None:
        it = await served()
        reader, writer = await asyncio.open_connection(HOST, it.port)
        writer.write(
            f"GET /sip HTTP/1.1\r\nHost: localhost:{it.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Protocol: sip\r\n\r\n".encode()
        )
        assert b"101" in await reader.readline()
        # It never answers a ping.
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await asyncio.wait_for(reader.readexactly(1 << 20), 5)
        writer.close()
        await it.site.close()

    run(story)


def test_a_message_that_is_too_long_ends_the_connection() -> None:
    async def story() -> None:
        it = await served()
        async with it.page(max_size=None) as socket:
            await socket.send("x" * 400_000)
            with pytest.raises(ConnectionClosed):
                await asyncio.wait_for(socket.recv(), 5)
        await it.site.close()

    run(story)


def test_it_is_served_over_tls_too(tmp_path: Path) -> None:
    async def story() -> None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate(tmp_path))
        site = await Site(is_phones=of_phones).open()
        (listen,) = await serve(site.lines, [Listen("wss", HOST, 0)], tls=tls, is_page=phones_page(PHONES_PORT))
        ours = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        ours.check_hostname, ours.verify_mode = False, ssl.CERT_NONE
        page = connect(f"wss://{HOST}:{listen.port}/sip", ssl=ours, subprotocols=["sip"])  # type: ignore[list-item]
        async with page as socket:
            assert await Browser(socket, HANDSET).register() == 200
            there = Destination(account=ACCOUNT, kind="number", address=HANDSET)
            assert [route.media for route in await site.lines.routes(there)] == ["webrtc"]
        await site.close()

    run(story)


def test_a_log_has_lines_of_ours_alone_and_none_of_what_came(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        it = await served()
        async with it.page() as socket:
            assert await Browser(socket, HANDSET).register() == 200
        for said in (b"GET /sip HTTP/1.1\r\nHost: secret\r\n\r\n", b"secret\r\n\r\n"):
            reader, writer = await asyncio.open_connection(HOST, it.port)
            writer.write(said)
            await reader.read()
            writer.close()
        await it.site.close()

    with caplog.at_level("DEBUG"), capture_logs() as ours:
        run(story)
    assert [record for record in caplog.records if record.name.startswith("websockets.server")] == []
    broken = [line for line in ours if line["event"] == "a WebSocket connection broke its protocol"]
    assert [line["kind"] for line in broken] == ["InvalidUpgrade", "InvalidMessage"]
    assert "secret" not in str(ours)

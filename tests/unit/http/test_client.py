"""The client against real sockets that answer well, badly, slowly or not at all."""

import asyncio
import datetime
import ipaddress
import ssl
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.domain.web_url import parse_url
from ringfence.http.client import PooledClient, encode_request
from ringfence.http.egress_guard import EgressGuard, development, production
from ringfence.ports.http import HttpFailedError, HttpRequest, HttpResponse

from .conftest import RawServer, read_request

Run = Callable[[Any], Any]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Y: z\r\n\r\nok"


def client(**options: Any) -> PooledClient:
    return PooledClient(EgressGuard(development()), **options)


def post(url: str, body: bytes = b"a=1", **options: Any) -> HttpRequest:
    return HttpRequest(method="POST", url=url, body=body, **options)


async def failure(http: PooledClient, request: HttpRequest) -> HttpFailedError:
    with pytest.raises(HttpFailedError) as failed:
        await http.send(request)
    return failed.value


def test_a_request_and_its_answer(run: Run, server: RawServer) -> None:
    async def scenario() -> HttpResponse:
        async with server.scripted(OK):
            headers = (("Content-Type", "application/x-www-form-urlencoded"),)
            return await client().send(post(server.url("/hook?x=1#rc=1"), headers=headers))

    answer = run(scenario())
    assert (answer.status, answer.body, answer.header("x-y")) == (200, b"ok", "z")
    expected = (
        f"POST /hook?x=1 HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nAccept-Encoding: identity\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\na=1"
    )
    assert server.requests == [expected.encode()]
    assert None not in (answer.phases.dns_ms, answer.phases.tcp_ms, answer.phases.first_byte_ms)
    assert answer.phases.tls_ms is None
    assert answer.phases.total_ms >= answer.phases.first_byte_ms > 0
    assert not answer.phases.reused


def test_a_get_carries_no_length() -> None:
    request = HttpRequest(method="GET", url="http://h/")
    assert b"Content-Length" not in encode_request(parse_url("http://h/"), request)


def test_connections_are_kept_and_used_again(run: Run, server: RawServer) -> None:
    async def scenario() -> None:
        http = client()
        async with server.scripted(OK, b"HTTP/1.1 204 No Content\r\n\r\n", OK):
            for status in (200, 204, 200):
                answer = await http.send(post(server.url()))
                assert answer.status == status
            assert answer.phases.tcp_ms is None
            assert answer.phases.reused
            assert server.connections == 1
            await asyncio.gather(*(http.send(post(server.url())) for _ in range(10)))
            assert server.connections <= 10
            await http.close()

    run(scenario())


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nKeep-Alive: timeout=1\r\n\r\nok",
        OK + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
        OK + b"HTTP/1.1 2",
        OK + b"garbage",
    ],
)
def test_a_connection_that_cannot_serve_again_is_left(run: Run, server: RawServer, answer: bytes) -> None:
    async def scenario() -> None:
        http = client()
        async with server.scripted(answer):
            for _ in range(2):
                assert (await http.send(post(server.url()))).body == b"ok"
            assert server.connections == 2

    run(scenario())


def test_a_kept_connection_found_closed_is_replaced_once(run: Run, server: RawServer) -> None:
    async def scenario() -> None:
        http = client()

        async def one_each(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            server.requests.append(await read_request(reader))
            writer.write(OK)
            await reader.readuntil(b"\r\n\r\n")

        async with server.serving(one_each):
            assert (await http.send(post(server.url()))).status == 200
            assert (await http.send(post(server.url()))).status == 200
            assert server.connections == 2
            assert len(server.requests) == 2

    run(scenario())


def test_a_fresh_connection_is_not_tried_twice(run: Run, server: RawServer) -> None:
    async def scenario() -> None:
        async def closes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_request(reader)

        async with server.serving(closes):
            assert (await failure(client(), post(server.url()))).code == 11200
            assert server.connections == 1

    run(scenario())


def test_a_started_answer_is_never_asked_for_again(run: Run, server: RawServer) -> None:
    async def scenario() -> None:
        async def second_breaks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_request(reader)
            writer.write(OK)
            await read_request(reader)
            writer.write(b"HTTP/1.1 200")

        http = client()
        async with server.serving(second_breaks):
            await http.send(post(server.url()))
            assert (await failure(http, post(server.url()))).code == 11200
            assert server.connections == 1

    run(scenario())


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\nT: 1\r\n\r\n", b"abc"),
        (b"HTTP/1.1 200 OK\r\n\r\nto the end", b"to the end"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nX-Y: 1\r\n\r\n" + OK, b"ok"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\nContent-Length: 1\r\n\r\nx", b"x"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + b"x" * 100, b"x" * 100),
    ],
)
def test_bodies_in_every_framing(run: Run, server: RawServer, answer: bytes, body: bytes) -> None:
    async def scenario() -> None:
        async with server.scripted(answer, close=True):
            got = await client().send(post(server.url(), max_body_bytes=100))
            assert got.body == body
            assert got.header("t") is None
            assert [value for name, value in got.headers if name == "x-y"] in ([], ["z"])

    run(scenario())


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"", 11200),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc", 11200),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc", 11200),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 11200),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 11200),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 11200),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx", 11200),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", 11200),
        (b"SSH-2.0-OpenSSH_9.2\r\n", 11200),
        (b"\x15\x03\x01\x00\x02\x02\x16", 11200),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000, 11200),
        (b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 40_000 + b"\r\n", 11200),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n" + b"x" * 101, 11750),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 101, 11750),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 101 + b"0\r\n\r\n", 11750),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nT: " + b"t" * 200_000, 11750),
    ],
)
def test_bad_answers_have_a_code(run: Run, server: RawServer, answer: bytes, code: int) -> None:
    async def scenario() -> None:
        async with server.scripted(answer, close=True):
            failed = await failure(client(), post(server.url(), max_body_bytes=100, total_ms=5_000))
            assert failed.code == code
            assert "127.0.0.1" not in str(failed)

    run(scenario())


def test_ten_megabytes_cost_no_memory_and_no_time(run: Run, server: RawServer) -> None:
    async def scenario() -> None:
        async with server.scripted(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 10_000_000, close=True):
            started = time.monotonic()
            failed = await failure(client(), post(server.url()))
            assert failed.code == 11750
            assert time.monotonic() - started < 5

    run(scenario())


async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(1000):
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("handler", "options", "cause"),
    [
        (hang, {"total_ms": 100}, "no answer in time"),
        (hang, {"read_ms": 100}, "no answer in time"),
        (drip, {"read_ms": 100, "total_ms": 200}, "the answer did not end in time"),
    ],
)
def test_silence_and_dripping_end_in_time(
    run: Run, server: RawServer, handler: Any, options: dict[str, int], cause: str
) -> None:
    async def scenario() -> None:
        async with server.serving(handler):
            started = time.monotonic()
            failed = await failure(client(), post(server.url(), **options))
            assert (failed.code, failed.cause) == (11200, cause)
            assert 0.09 < time.monotonic() - started < 3
            assert failed.phases.total_ms > 90

    run(scenario())


@pytest.mark.parametrize(("first_ms", "second_ms"), [(60, 200), (5_000, 100)])
def test_each_request_on_a_kept_connection_has_its_own_time(
    run: Run, server: RawServer, first_ms: int, second_ms: int
) -> None:
    """The first is answered; the second never is, whether its time is longer than the first's or shorter."""

    async def answer_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        await read_request(reader)
        await asyncio.sleep(5)

    async def scenario() -> None:
        async with server.serving(answer_once):
            http = client()
            await http.send(post(server.url(), read_ms=first_ms))
            await asyncio.sleep(0.03)
            started_s = time.monotonic()
            with pytest.raises(HttpFailedError, match="no answer in time"):
                await http.send(post(server.url(), read_ms=second_ms))
            assert second_ms / 1_000 <= time.monotonic() - started_s < 2
            assert server.connections == 1

    run(scenario())


def test_idle_connections_are_closed_when_their_time_has_come(run: Run, server: RawServer) -> None:
    left = asyncio.Event()

    async def answer_on_and_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                await read_request(reader)
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        finally:
            left.set()

    async def scenario() -> None:
        async with server.serving(answer_on_and_on):
            http = client(idle_s=0.1)
            await http.send(post(server.url()))
            async with asyncio.timeout(2):
                await left.wait()
            await http.send(post(server.url()))
            assert server.connections == 2
            await http.close()

    run(scenario())


def test_a_drip_within_read_time_is_an_answer(run: Run, server: RawServer) -> None:
    async def slowly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for byte in OK:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.002)

    async def scenario() -> None:
        async with server.serving(slowly):
            assert (await client().send(post(server.url(), read_ms=60))).body == b"ok"

    run(scenario())


def test_nobody_listening_is_11205(run: Run, server: RawServer) -> None:
    async def scenario() -> None:
        async with server.scripted(OK):
            url = server.url()
        assert (await failure(client(), post(url))).code == 11205

    run(scenario())


def test_the_next_address_is_tried(run: Run, server: RawServer) -> None:
    async def both(host: str) -> list[str]:
        return ["::1", "127.0.0.1"]

    async def scenario() -> None:
        async with server.scripted(OK):
            http = PooledClient(EgressGuard(development(), both))
            answer = await http.send(post(f"http://app.test:{server.port}/"))
            assert answer.status == 200
            assert f"Host: app.test:{server.port}".encode() in server.requests[0]

    run(scenario())


def test_names_that_do_not_resolve_and_names_that_resolve_for_ever(run: Run) -> None:
    async def unknown(host: str) -> list[str]:
        raise OSError("no such host")

    async def silent(host: str) -> list[str]:
        await asyncio.sleep(60)
        return []

    async def scenario() -> None:
        http = PooledClient(EgressGuard(development(), unknown))
        assert (await failure(http, post("http://x.test/"))).code == 11210
        http = PooledClient(EgressGuard(development(), silent))
        assert (await failure(http, post("http://x.test/", total_ms=50))).code == 11205

    run(scenario())


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:5000/", "http://10.0.0.1/", "ftp://x/", "http://a@b/", "http://[::1]/"]
)
def test_the_guard_speaks_before_a_socket_opens(run: Run, url: str) -> None:
    async def scenario() -> None:
        assert (await failure(PooledClient(EgressGuard(production())), post(url))).code == 21205

    run(scenario())


def test_a_second_name_server_answer_cannot_redirect(run: Run, server: RawServer) -> None:
    asked: list[str] = []

    async def rebinding(host: str) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

    async def scenario() -> None:
        async with server.scripted(OK, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"):
            http = PooledClient(EgressGuard(development(), rebinding))
            for _ in range(2):
                assert (await http.send(post(f"http://x.test:{server.port}/"))).status == 200
            assert (await failure(http, post(f"http://x.test:{server.port}/"))).code == 21205
            assert len(asked) == 2

    run(scenario())


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("POST", (("X", "a\r\nY: b"),)),
        ("POST", (("X", "a\x00"),)),
        ("POST", (("X\r\n", "a"),)),
        ("POST", (("X Y", "a"),)),
        ("POST", (("", "a"),)),
        ("POST", (("X", "\u2028"),)),
        ("POST", (("Host", "other"),)),
        ("POST", (("content-length", "5"),)),
        ("POST", (("Transfer-Encoding", "chunked"),)),
        ("GET / HTTP/1.1\r\n", ()),
        ("", ()),
        ("HEAD", ()),
        ("CONNECT", ()),
    ],
)
def test_nothing_can_end_a_line_early(method: str, headers: tuple[tuple[str, str], ...]) -> None:
    with pytest.raises(ValueError):
        encode_request(parse_url("http://h/"), HttpRequest(method=method, url="http://h/", headers=headers))


@given(st.text(max_size=20), st.text(max_size=20))
def test_any_header_is_one_line_or_refused(name: str, value: str) -> None:
    request = HttpRequest(method="GET", url="http://h/", headers=((name, value),))
    try:
        head = encode_request(parse_url("http://h/"), request)
    except ValueError:
        return
    assert head.count(b"\r\n") == 5
    assert head.count(b"\n") == 5
    assert head.count(b"\r") == 5


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=80), st.sampled_from([b"", b"HTTP/1.1 200 OK\r\n", OK]), st.integers(1, 40))
def test_any_bytes_are_an_answer_or_a_code(noise: bytes, start: bytes, cut: int) -> None:
    async def scenario() -> None:
        async def noisy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_request(reader)
            data = start + noise
            writer.write(data[:cut])
            await writer.drain()
            writer.write(data[cut:])

        server = RawServer()
        async with server.serving(noisy):
            try:
                result = (await client().send(post(server.url(), total_ms=2_000))).status
            except HttpFailedError as failed:
                result = failed.code
            assert result in (11200, 11750) or 200 <= result < 1_000

    asyncio.run(scenario())


def test_a_cap_a_host_is_kept_and_slow_hosts_do_not_hold_the_others(run: Run, server: RawServer) -> None:
    async def scenario() -> None:
        http = client(per_host=2, total=3)
        async with RawServer().serving(hang) as slow, server.scripted(OK):
            waiting = [asyncio.create_task(failure(http, post(slow.url(), total_ms=800))) for _ in range(6)]
            while slow.connections < 2:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.05)
            assert slow.connections == 2
            assert (await http.send(post(server.url()))).status == 200
            # Whoever gets a place with no time left has no connection in time.
            assert {failed.code for failed in await asyncio.gather(*waiting)} <= {11200, 11205}
            assert (await http.send(post(server.url()))).status == 200

    run(scenario())


def test_a_cancelled_request_closes_its_connection_and_gives_its_slot_back(run: Run, server: RawServer) -> None:
    async def scenario() -> None:
        http = client(per_host=1)
        closed = asyncio.Event()

        async def hang_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await read_request(reader)
            if server.connections == 1:
                await reader.read()
                closed.set()
            else:
                writer.write(OK)

        async with server.serving(hang_once):
            task = asyncio.create_task(http.send(post(server.url())))
            await asyncio.sleep(0.05)
            task.cancel()
            async with asyncio.timeout(1):
                await closed.wait()
                assert (await http.send(post(server.url()))).status == 200

    run(scenario())


def certificate(directory: Path, name: x509.GeneralName) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server context with a certificate for `name`, and a client context that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([name]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = serialization.PrivateFormat.PKCS8
    (directory / "cert.pem").write_bytes(signed.public_bytes(pem))
    (directory / "key.pem").write_bytes(key.private_bytes(pem, plain, serialization.NoEncryption()))
    serve = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serve.load_cert_chain(directory / "cert.pem", directory / "key.pem")
    return serve, ssl.create_default_context(cafile=str(directory / "cert.pem"))


@pytest.mark.parametrize(
    ("named", "host", "trusted", "code"),
    [
        (x509.DNSName("app.test"), "app.test", True, None),
        (x509.IPAddress(ipaddress.ip_address("127.0.0.1")), "127.0.0.1", True, None),
        (x509.DNSName("other.test"), "app.test", True, 11220),
        (x509.DNSName("app.test"), "app.test", False, 11220),
    ],
)
def test_tls_checks_the_name_that_was_asked_for(
    run: Run, server: RawServer, named: x509.GeneralName, host: str, trusted: bool, code: int | None
) -> None:
    async def local(name: str) -> list[str]:
        return ["127.0.0.1"]

    async def answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await read_request(reader)
            writer.write(OK)

    async def scenario() -> None:
        with tempfile.TemporaryDirectory() as directory:
            serve, trust = certificate(Path(directory), named)
            async with server.serving(answers, ssl=serve):
                http = PooledClient(EgressGuard(development(), local), tls=trust if trusted else None)
                request = post(f"https://{host}:{server.port}/")
                if code is None:
                    assert (await http.send(request)).phases.tls_ms
                    assert (await http.send(request)).phases.tls_ms is None
                    await http.close()
                else:
                    assert (await failure(http, request)).code == code

    run(scenario())


def test_https_to_a_plain_server_is_11220(run: Run, server: RawServer) -> None:
    async def scenario() -> None:
        async with server.serving(hang):
            failed = await failure(client(), post(f"https://127.0.0.1:{server.port}/", connect_ms=200))
            assert failed.code == 11220

    run(scenario())

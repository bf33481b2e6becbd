"""The proxy to a Unix socket, between two real uvicorn servers or in front of a server that misbehaves."""

import asyncio
import contextlib
import socket
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from ringfence.http.unix_proxy import MAX_REQUEST_BYTES, UnixProxy


@contextlib.asynccontextmanager
async def serving(app: object, **where: object) -> AsyncIterator[None]:
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off", **where))
    task = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.005)
    try:
        yield
    finally:
        server.should_exit = True
        server.force_exit = True
        await task


async def echo(request: Request) -> Response:
    headers = [[name, value] for name, value in request.headers.items()]
    seen = {
        "method": request.method,
        "path": request.scope["raw_path"].decode(),
        "query": request.url.query,
        "length": len(await request.body()),
        "headers": headers,
    }
    return JSONResponse(seen, status_code=207, headers={"x-mine": "1", "connection": "x-secret", "x-secret": "2"})


class Stream:
    def __init__(self) -> None:
        self.closed = asyncio.Event()

    async def endpoint(self, request: Request) -> Response:
        async def ticks() -> AsyncIterator[bytes]:
            try:
                for n in range(1000):
                    yield b"data: %d\n\n" % n
                    await asyncio.sleep(0.01)
            finally:
                self.closed.set()

        return StreamingResponse(ticks(), media_type="text/event-stream")


async def ask(port: int, request: bytes, until: bytes | None = None) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    try:
        async with asyncio.timeout(5):
            if until:
                return await reader.readuntil(until)
            return await reader.read()
    finally:
        writer.close()


def free_socket() -> socket.socket:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    return listener


def through_proxy(
    behind: object | None, scenario: Callable[[int], Awaitable[None]], *, prefixes: tuple[str, ...] = ("/phones", "/s/")
) -> None:
    """Run `scenario(port)` against the proxy; `behind` is an ASGI app, a raw connection handler or nothing."""

    async def main() -> None:
        with tempfile.TemporaryDirectory() as directory:
            path = str(Path(directory) / "s.sock")
            async with contextlib.AsyncExitStack() as stack:
                if isinstance(behind, Starlette):
                    await stack.enter_async_context(serving(behind, uds=path))
                elif behind is not None:
                    server = await asyncio.start_unix_server(behind, path)  # type: ignore[arg-type]
                    stack.push_async_callback(server.wait_closed)
                    stack.callback(server.close)
                listener = free_socket()
                port = listener.getsockname()[1]
                listener.close()
                await stack.enter_async_context(serving(UnixProxy(path, prefixes), host="127.0.0.1", port=port))
                await scenario(port)

    asyncio.run(main())


APP = Starlette(routes=[Route("/phones/{rest:path}", echo, methods=["GET", "POST", "HEAD"])])


def test_path_query_headers_and_body_arrive_as_sent() -> None:
    async def scenario(port: int) -> None:
        answer = await ask(
            port,
            b"POST /phones/a%20b?x=%2F&y HTTP/1.1\r\nHost: localhost:1\r\nX-A: 1\r\nConnection: close, x-gone\r\n"
            b"X-Gone: 1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
        )
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 207")
        assert b"x-mine: 1" in head
        assert b"x-secret" not in head
        assert b'"path":"/phones/a%20b"' in body
        assert b'"query":"x=%2F&y"' in body
        assert b'"length":5' in body
        assert b'["host","localhost:1"]' in body
        assert b'["x-a","1"]' in body
        assert b"x-gone" not in body
        assert b'["content-length","5"]' in body
        assert b"transfer-encoding" not in body

    through_proxy(APP, scenario)


def test_a_head_answer_has_no_body() -> None:
    async def scenario(port: int) -> None:
        answer = await ask(port, b"HEAD /phones/x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 207")
        assert answer.endswith(b"\r\n\r\n")

    through_proxy(APP, scenario)


def test_events_stream_and_a_client_that_leaves_ends_them_behind() -> None:
    stream = Stream()

    async def scenario(port: int) -> None:
        first = await ask(port, b"GET /phones/events HTTP/1.1\r\nHost: h\r\n\r\n", until=b"data: 3\n\n")
        assert b"text/event-stream" in first
        async with asyncio.timeout(2):
            await stream.closed.wait()

    through_proxy(Starlette(routes=[Route("/phones/events", stream.endpoint)]), scenario)


@pytest.mark.parametrize("path", ["/", "/phonesx", "/phones/../x", "/phones/./x", "/2010-04-01/x", "/phones/%2e%2e/x"])
def test_paths_outside_the_prefixes_are_not_found(path: str) -> None:
    async def scenario(port: int) -> None:
        answer = await ask(port, f"GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode())
        assert answer.startswith(b"HTTP/1.1 404")

    through_proxy(APP, scenario)


def test_the_bare_prefix_is_served() -> None:
    proxy = UnixProxy("/nowhere", ["/phones/", "/simulator"])
    assert proxy.serves("/phones")
    assert proxy.serves("/simulator/handsets")
    assert not proxy.serves("/simulators")


def test_a_body_over_the_limit_is_refused() -> None:
    async def scenario(port: int) -> None:
        size = MAX_REQUEST_BYTES + 1
        head = b"POST /phones/x HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % size
        assert (await ask(port, head + b"x" * size, until=b"\r\n")).startswith(b"HTTP/1.1 413")
        exact = head.replace(b"%d" % size, b"%d" % MAX_REQUEST_BYTES) + b"x" * MAX_REQUEST_BYTES
        assert b'"length":1048576' in await ask(port, exact)

    through_proxy(APP, scenario)


def test_half_a_request_is_not_forwarded_as_a_whole_one() -> None:
    asked: list[bytes] = []

    async def behind(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.read(1))
        writer.close()

    async def scenario(port: int) -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /phones/x HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nhalf")
        await writer.drain()
        await asyncio.sleep(0.1)
        writer.close()
        await asyncio.sleep(0.1)
        assert asked == []

    through_proxy(behind, scenario)


def test_a_server_that_is_away_is_said_clearly() -> None:
    async def scenario(port: int) -> None:
        answer = await ask(port, b"GET /phones HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 503")
        assert b"retry-after: 1" in answer
        assert b"The simulator is not running" in answer

    through_proxy(None, scenario)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nX: ",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: " + b"x" * 70_000 + b"\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
    ],
)
def test_a_server_that_breaks_off_is_a_bad_gateway(answer: bytes) -> None:
    async def behind(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    async def scenario(port: int) -> None:
        got = await ask(port, b"GET /phones HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        assert got.startswith(b"HTTP/1.1 502")

    through_proxy(behind, scenario)


def test_an_answer_cut_short_is_not_passed_off_as_whole() -> None:
    async def behind(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        writer.write(b"3\r\nabc\r\n")
        await writer.drain()
        writer.close()

    async def scenario(port: int) -> None:
        got = await ask(port, b"GET /phones HTTP/1.1\r\nHost: h\r\n\r\n")
        assert b"link" not in got
        assert b"abc" in got
        assert not got.endswith(b"0\r\n\r\n")

    through_proxy(behind, scenario)


def test_an_answer_that_ends_with_its_connection_is_whole() -> None:
    async def behind(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.0 200 OK\r\n\r\nall of it")
        writer.close()

    async def scenario(port: int) -> None:
        got = await ask(port, b"GET /phones HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        assert b"all of it" in got
        assert got.endswith(b"0\r\n\r\n") or b"\r\n\r\nall of it" in got

    through_proxy(behind, scenario)

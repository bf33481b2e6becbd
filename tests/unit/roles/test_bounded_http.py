"""The public port's bounds on requests that do not end."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest
import uvicorn

from ringfence.roles import bounded_http
from ringfence.roles.bounded_http import HEAD_MAX_BYTES, BoundedHttp

OK = b"HTTP/1.1 200 "
POST = b"POST /%d HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"


class App:
    """Reads a request's body, notes what it came to, and answers after `wait_s`."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, int]] = []
        self.wait_s = 0.0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        size, more = 0, True
        message: dict[str, Any] = {}
        while more:
            message = await receive()
            size += len(message.get("body", b""))
            more = message.get("more_body", False)
        self.seen.append((scope["path"], message["type"], size))
        await asyncio.sleep(self.wait_s)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})


@contextlib.asynccontextmanager
async def serving(app: Any) -> AsyncIterator[int]:
    bound = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, http=BoundedHttp, lifespan="off", log_config=None, timeout_keep_alive=5)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve([bound]))
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield bound.getsockname()[1]
    finally:
        server.should_exit = True
        await task


def exchange(
    app: App, work: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, bytes]]
) -> bytes:
    """What `work` makes of one connection."""

    async def run() -> bytes:
        async with serving(app) as port, asyncio.timeout(15):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                return await work(reader, writer)
            finally:
                writer.close()

    return asyncio.run(run())


def sent(*parts: bytes, pause_s: float = 0.0) -> Callable[..., Coroutine[Any, Any, bytes]]:
    """Write the parts and read until the server closes."""

    async def work(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause_s)
        return await reader.read()

    return work


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_http, "REQUEST_S", 0.3)


def test_whole_requests_are_served_one_after_another_and_pipelined() -> None:
    app = App()
    last = b"GET /3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    answers = exchange(app, sent(POST % (1, 2) + b"ab" + POST % (2, 3) + b"abc", last))
    assert answers.count(OK) == 3
    assert [(path, size) for path, _, size in app.seen] == [("/1", 2), ("/2", 3), ("/3", 0)]


@pytest.mark.parametrize(
    "begun",
    [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\n", b"\r\n"],
    ids=["silence", "a line", "a head", "line ends"],
)
def test_a_head_that_does_not_end_is_told_408(hurried: None, begun: bytes) -> None:
    app = App()
    assert exchange(app, sent(begun)).startswith(b"HTTP/1.1 408 ")
    assert app.seen == []


def test_dripping_does_not_prolong_a_head(hurried: None) -> None:
    async def work(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        answer = asyncio.ensure_future(reader.read())
        for drop in b"GET / HTTP/1.1\r\nX: " + b"a" * 100:
            if answer.done():
                break
            writer.write(bytes([drop]))
            await asyncio.sleep(0.05)
        assert answer.done()
        return await answer

    # An octet that crosses the answer resets the connection, and the answer may be lost with it.
    for _ in range(5):
        with contextlib.suppress(ConnectionResetError):
            assert exchange(App(), work).startswith(b"HTTP/1.1 408 ")
            return
    raise AssertionError("each connection was reset")


@pytest.mark.parametrize("first", [b"", POST % (1, 0)], ids=["the first", "a later one"])
def test_a_head_without_end_is_told_431_before_it_fills_the_memory(first: bytes) -> None:
    async def work(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(first)
        if first:
            await reader.readuntil(b"\r\n\r\n")
        writer.write(b"GET / HTTP/1.1\r\nX: ")
        piece, pieces = b"a" * 4096, 0
        with contextlib.suppress(ConnectionError):
            while pieces < 4000 and not reader.at_eof():
                writer.write(piece)
                await writer.drain()
                pieces += 1
                await asyncio.sleep(0)
        assert pieces < 4000
        return await reader.read() if not reader.exception() else b"HTTP/1.1 431 "

    assert exchange(App(), work).startswith(b"HTTP/1.1 431 ")


def test_a_head_of_nearly_the_bound_is_served() -> None:
    head = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX: " + b"a" * (HEAD_MAX_BYTES - 200) + b"\r\n\r\n"
    assert exchange(App(), sent(head[:100], head[100:])).startswith(OK)


def test_a_body_that_never_comes_ends_as_a_client_that_left(hurried: None) -> None:
    app = App()
    assert exchange(app, sent(POST % (1, 4))) == b""
    assert app.seen == [("/1", "http.disconnect", 0)]


def test_line_ends_after_an_answer_do_not_hold_the_connection(hurried: None) -> None:
    answers = exchange(App(), sent(POST % (1, 0), b"\r\n", pause_s=0.1))
    assert answers.startswith(OK)


ASK = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


async def is_cut(reader: asyncio.StreamReader) -> bool:
    """True when the server ends the connection soon, and says nothing."""
    with contextlib.suppress(ConnectionError):
        return await reader.read() == b""
    return True


@pytest.mark.parametrize("begun", [b"", b"GET /", ASK], ids=["silent", "half a head", "idle"])
def test_one_more_connection_takes_the_place_of_the_one_that_is_quiet_longest(
    monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    monkeypatch.setattr(bounded_http, "CONNECTIONS_MAX", 2)

    async def run() -> None:
        async with serving(App()) as port, asyncio.timeout(15):
            first, second = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
            for reader, writer in (first, second):
                writer.write(begun)
                if begun is ASK:
                    await reader.readuntil(b"\r\n\r\n")
            await asyncio.sleep(0.05)
            third = await asyncio.open_connection("127.0.0.1", port)
            assert await is_cut(first[0])
            second[1].write(ASK if begun is ASK else ASK.removeprefix(begun))
            third[1].write(ASK)
            for reader, writer in (second, third):
                assert (await reader.readuntil(b"\r\n\r\n")).startswith(OK)
                writer.close()

    asyncio.run(run())


def test_a_request_that_is_worked_on_keeps_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_http, "CONNECTIONS_MAX", 2)
    app = App()
    app.wait_s = 0.5

    async def run() -> None:
        async with serving(app) as port, asyncio.timeout(15):
            asking = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
            for _, writer in asking:
                writer.write(ASK)
            while len(app.seen) < 2:
                await asyncio.sleep(0.01)
            assert await is_cut((await asyncio.open_connection("127.0.0.1", port))[0])
            for reader, writer in asking:
                assert (await reader.readuntil(b"\r\n\r\n")).startswith(OK)
                writer.close()

    asyncio.run(run())


async def large_answer(scope: Any, receive: Any, send: Any) -> None:
    """More than the kernel's buffers hold."""
    body = bytes(8 << 20)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


async def settled(connections: int) -> None:
    """Wait until the server has so many connections that do not read, and check its books."""
    async with asyncio.timeout(5):
        while len(BoundedHttp._process.unread) != connections:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("last", [ASK, ASK.replace(b"x", b"x\r\nConnection: close")], ids=["kept", "closed"])
@pytest.mark.parametrize("drop_bytes", [0, 64], ids=["never", "by drops"])
def test_a_client_that_does_not_read_its_answer_is_cut_off(
    monkeypatch: pytest.MonkeyPatch, last: bytes, drop_bytes: int
) -> None:
    monkeypatch.setattr(bounded_http, "ANSWER_S", 0.4)

    async def run() -> None:
        async with serving(large_answer) as port, asyncio.timeout(15):
            with socket.create_connection(("127.0.0.1", port)) as connection:
                connection.setblocking(False)
                connection.sendall(last)
                await settled(1)
                for _ in range(20):
                    await asyncio.sleep(0.05)
                    with contextlib.suppress(OSError):
                        connection.recv(drop_bytes)
                await settled(0)
            assert BoundedHttp._process.unanswered_bytes == 0

    asyncio.run(run())


def test_a_client_that_reads_slowly_but_in_time_gets_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_http, "ANSWER_S", 3.0)

    async def run() -> int:
        async with serving(large_answer) as port, asyncio.timeout(15):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(ASK.replace(b"x", b"x\r\nConnection: close"))
            size = 0
            while data := await reader.read(1 << 20):
                size += len(data)
                await asyncio.sleep(0.02)
            writer.close()
            return size

    assert asyncio.run(run()) > 8 << 20


def test_answers_that_nobody_reads_have_a_bound_together_and_the_oldest_goes_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bounded_http, "UNREAD_MAX_BYTES", 14 << 20)

    async def run() -> None:
        async with serving(large_answer) as port, asyncio.timeout(15):
            first = await asyncio.open_connection("127.0.0.1", port)
            first[1].write(ASK)
            await settled(1)
            (oldest,) = BoundedHttp._process.unread
            others = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
            for _, writer in others:
                writer.write(ASK)
                await asyncio.sleep(0.2)
            await settled(1)
            assert oldest not in BoundedHttp._process.unread
            for _, writer in (first, *others):
                writer.transport.abort()

    asyncio.run(run())


def test_requests_without_an_answer_have_a_bound_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_http, "UNANSWERED_MAX_BYTES", 100_000)
    app = App()
    app.wait_s = 0.5
    part = POST % (1, 60_000) + b"a" * 60_000

    async def run() -> None:
        async with serving(app) as port, asyncio.timeout(15):
            connections = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
            connections[0][1].write(part)
            await asyncio.sleep(0.1)
            connections[1][1].write(b"GET / HTTP/1.1\r\nX: " + b"a" * 45_000)
            assert (await connections[1][0].read()).startswith(b"HTTP/1.1 503 ")
            assert (await connections[0][0].readuntil(b"\r\n\r\n")).startswith(OK)
            # There is room again.
            connections[0][1].write(part)
            assert (await connections[0][0].readuntil(b"\r\n\r\n")).startswith(OK)
            for _, writer in connections:
                writer.close()
        assert BoundedHttp._process.unanswered_bytes == 0
        assert not BoundedHttp._process.quiet

    asyncio.run(run())


def test_trailers_without_end_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_http, "REQUEST_MAX_BYTES", 100_000)
    app = App()

    async def work(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(b"POST /1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ")
        pieces = 0
        with contextlib.suppress(ConnectionError):
            while pieces < 4000 and not reader.at_eof():
                writer.write(b"a" * 4096)
                await writer.drain()
                pieces += 1
                await asyncio.sleep(0)
        assert pieces < 4000
        return b""

    exchange(app, work)


def test_the_next_head_waits_for_a_slow_answer_before_it(hurried: None) -> None:
    app = App()
    app.wait_s = 0.8
    last = b"GET /2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"

    async def work(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(POST % (1, 0) + last)
        await asyncio.sleep(0.6)
        writer.write(b"\r\n")
        return await reader.read()

    assert exchange(app, work).count(OK) == 2

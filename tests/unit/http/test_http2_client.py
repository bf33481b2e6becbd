"""The client of HTTP/2 against a server that answers well, late, too much, or not at all."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from ringfence.http.egress_guard import EgressGuard, EgressPolicy, development, production
from ringfence.http.http2_client import Http2Client
from ringfence.ports.http import HttpFailedError, HttpRequest, HttpResponse

from .h2_server import Asked, H2Server, Reply

LIMIT_S = 30


def play(server: H2Server, story: Callable[[Http2Client], Awaitable[Any]], **policy: Any) -> Any:
    async def played() -> Any:
        async with server.serving():
            guard = EgressGuard(policy.get("policy") or development())
            client = Http2Client(guard, tls=ssl.create_default_context(cafile=server.roots))
            try:
                return await asyncio.wait_for(story(client), LIMIT_S)
            finally:
                client.end()

    return asyncio.run(played())


def post(server: H2Server, body: bytes = b"{}", **options: Any) -> HttpRequest:
    return HttpRequest(method="POST", url=f"{server.url}/3/device/a?b=c", body=body, **options)


def failure(server: H2Server, **options: Any) -> tuple[int, str]:
    async def story(client: Http2Client) -> tuple[int, str]:
        with pytest.raises(HttpFailedError) as failed:
            await client.send(post(server, **options.pop("request", {})))
        return failed.value.code, failed.value.cause

    found: tuple[int, str] = play(server, story, **options)
    return found


def echo(asked: Asked) -> Reply:
    return Reply(headers=(("apns-id", "7"),), body=asked.body)


def test_a_request_and_its_answer() -> None:
    server = H2Server(echo)

    async def story(client: Http2Client) -> HttpResponse:
        return await client.send(post(server, headers=(("apns-topic", "app"),)))

    answer = play(server, story)
    assert (answer.status, answer.header("apns-id"), answer.body) == (200, "7", b"{}")
    (asked,) = server.asked
    assert (asked.headers[":method"], asked.headers[":path"]) == ("POST", "/3/device/a?b=c")
    assert asked.headers["apns-topic"] == "app"


def test_many_share_one_connection_and_wait_where_it_is_full() -> None:
    server = H2Server(echo, streams=2)

    async def story(client: Http2Client) -> list[HttpResponse]:
        bodies = [b"x" * 3_000 + str(n).encode() for n in range(20)]
        answers = await asyncio.gather(*(client.send(post(server, body)) for body in bodies))
        assert [answer.body for answer in answers] == bodies
        return answers

    assert len(play(server, story)) == 20
    assert server.connections == 1


def test_a_body_larger_than_the_window_arrives_whole() -> None:
    server = H2Server(lambda _: Reply())
    body = bytes(range(256)) * 800

    async def story(client: Http2Client) -> HttpResponse:
        return await client.send(post(server, body))

    assert play(server, story).status == 200
    assert server.asked[0].body == body


def test_after_a_goodbye_there_is_another_connection() -> None:
    server = H2Server(lambda _: Reply(goes=True))

    async def story(client: Http2Client) -> list[int]:
        return [(await client.send(post(server))).status for _ in range(3)]

    assert play(server, story) == [200] * 3
    assert server.connections == 3


def test_what_is_never_answered_ends_in_time_and_leaves_the_connection_to_others() -> None:
    replies = iter([Reply(status=0), Reply()])
    server = H2Server(lambda _: next(replies))

    async def story(client: Http2Client) -> int:
        with pytest.raises(HttpFailedError, match="no answer in time"):
            await client.send(post(server, total_ms=300))
        return (await client.send(post(server))).status

    assert play(server, story) == 200
    assert server.connections == 1


def test_an_answer_that_is_too_large_is_refused() -> None:
    server = H2Server(lambda _: Reply(body=b"x" * 5_000))
    assert failure(server, request={"max_body_bytes": 4_999})[0] == 11750


def test_who_speaks_only_http_1_is_refused() -> None:
    assert failure(H2Server(echo, alpn="http/1.1")) == (11220, "the host does not speak HTTP/2")


def test_a_certificate_that_nobody_vouches_for_is_refused() -> None:
    server = H2Server(echo)

    async def story(_: Http2Client) -> int:
        stranger = Http2Client(EgressGuard(development()))
        with pytest.raises(HttpFailedError) as failed:
            await stranger.send(post(server))
        return failed.value.code

    assert play(server, story) == 11220
    assert server.asked == []


def test_the_guard_is_asked() -> None:
    server = H2Server(echo)
    assert failure(server, policy=production())[0] == 21205
    assert server.connections == 0


def test_nothing_listens_and_no_tls() -> None:
    async def story(client: Http2Client) -> list[int]:
        codes = []
        for url in ("https://localhost:9/", "http://localhost/", "https://no.such.name.invalid/", "ftp://localhost/"):
            with pytest.raises(HttpFailedError) as failed:
                await client.send(HttpRequest(method="POST", url=url))
            codes.append(failed.value.code)
        return codes

    found = play(H2Server(echo), story, policy=EgressPolicy(private=True, ports=frozenset({9})))
    assert found == [11205, 11220, 11210, 21205]

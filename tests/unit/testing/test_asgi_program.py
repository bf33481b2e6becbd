"""ASGI apps are called as a server would, in a loop of their own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from twilio.rest import Client

from .conftest import CUSTOMER, SHOP


class Program:
    """A Starlette app with a lifespan, a handler that awaits, and one that runs in a thread."""

    def __init__(self, ringfence: Any) -> None:
        self.ringfence = ringfence
        self.life: list[str] = []
        self.loops: set[int] = set()
        routes = [
            Route("/awaits", self.awaits, methods=["POST"]),
            Route("/threads", self.threads, methods=["POST"]),
            Route("/breaks", self.breaks, methods=["POST"]),
        ]
        self.app = Starlette(routes=routes, lifespan=self.lifespan)

    @asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[dict[str, str]]:
        self.life.append("up")
        yield {"greeting": "Hello"}
        self.life.append("down")

    async def awaits(self, request: Request) -> Response:
        self.loops.add(id(asyncio.get_running_loop()))
        form = dict(parse_qsl((await request.body()).decode()))
        client = self.ringfence.async_client()
        await client.messages.create_async(from_=SHOP, to=form["From"], body="Awaited")
        return PlainTextResponse(f"{request.state.greeting} {form['Body']}")

    def threads(self, request: Request) -> Response:
        Client().messages.create(from_=SHOP, to=CUSTOMER, body="From a thread")
        return PlainTextResponse("")

    async def breaks(self, request: Request) -> Response:
        raise ZeroDivisionError("in the app")


@pytest.fixture
def program(ringfence: Any) -> Program:
    return Program(ringfence)


def test_a_handler_may_await_the_client(ringfence: Any, program: Program) -> None:
    ringfence.number(SHOP).sms_to(program.app, "/awaits")
    phone = ringfence.phone(CUSTOMER)
    phone.send(SHOP, "one")
    phone.send(SHOP, "two")
    assert [text.body for text in phone.inbox] == ["Awaited", "Hello one", "Awaited", "Hello two"]
    assert len(program.loops) == 1


def test_a_handler_may_text_from_a_thread(ringfence: Any, program: Program) -> None:
    ringfence.number(SHOP).sms_to(program.app, "/threads")
    phone = ringfence.phone(CUSTOMER)
    phone.send(SHOP, "one")
    assert phone.last_text().body == "From a thread"


def test_it_is_called_from_an_async_test_too(ringfence: Any, program: Program) -> None:
    async def scenario() -> None:
        ringfence.number(SHOP).sms_to(program.app, "/awaits")
        phone = ringfence.phone(CUSTOMER)
        phone.send(SHOP, "one")
        assert phone.last_text().body == "Hello one"

    asyncio.run(scenario())


def test_what_it_raises_is_raised_in_the_test(ringfence: Any, program: Program) -> None:
    ringfence.number(SHOP).sms_to(program.app, "/breaks")
    with pytest.raises(ZeroDivisionError):
        ringfence.phone(CUSTOMER).send(SHOP, "one")
    assert ringfence.webhooks[0].status == 500


def test_its_lifespan_is_one_for_the_whole_test(ringfence: Any, program: Program) -> None:
    ringfence.number(SHOP).sms_to(program.app, "/awaits")
    assert program.life == []
    for body in ("one", "two"):
        ringfence.phone(CUSTOMER).send(SHOP, body)
    assert program.life == ["up"]
    ringfence._web.close()
    assert program.life == ["up", "down"]


async def _bare(scope: Any, receive: Any, send: Any) -> None:
    assert scope["type"] == "http", "no lifespan here"
    body = (await receive())["body"]
    assert (scope["path"], scope["raw_path"], scope["query_string"]) == ("/a b", b"/a%20b", b"x=1")
    assert (b"content-length", str(len(body)).encode()) in scope["headers"]
    await send({"type": "http.response.start", "status": 200, "headers": [(b"Content-Type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"bare ", "more_body": True})
    await send({"type": "http.response.body", "body": b"bones"})


def test_a_bare_app_without_lifespan_will_do(ringfence: Any) -> None:
    ringfence.number(SHOP).sms_to(_bare, "/a%20b?x=1")
    phone = ringfence.phone(CUSTOMER)
    phone.send(SHOP, "one")
    assert phone.last_text().body == "bare bones"


async def _never(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        await asyncio.sleep(60)


async def _half(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})


@pytest.mark.ringfence(answer_s=0.1)
def test_an_app_that_never_answers_is_left(ringfence: Any) -> None:
    ringfence.number(SHOP).sms_to(_never)
    ringfence.phone(CUSTOMER).send(SHOP, "one")
    assert ringfence.webhooks[0].error == "no answer within 0.1 s"


def test_an_app_that_stops_half_way_is_told_so(ringfence: Any) -> None:
    ringfence.number(SHOP).sms_to(_half)
    with pytest.raises(RuntimeError, match="did not finish"):
        ringfence.phone(CUSTOMER).send(SHOP, "one")


async def _cannot_start(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no database"})


def test_an_app_that_cannot_start_says_why(ringfence: Any) -> None:
    ringfence.number(SHOP).sms_to(_cannot_start)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="no database"):
            ringfence.phone(CUSTOMER).send(SHOP, "one")

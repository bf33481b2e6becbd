"""The simulator's HTTP interface: handsets, their texts, and what goes wrong.

Reference: docs/reference/simulator.md. For development only; handsets are in memory and gone with the process.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import UNSET, Meta, UnsetType
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from ringfence.carriers.simulator import live, silent
from ringfence.carriers.simulator.answers import (
    PRIVATE_HEADERS,
    answer,
    call_json,
    empty,
    fault_json,
    handset_json,
    refusal,
    text_json,
)
from ringfence.carriers.simulator.calling import CallingNow, no_calls
from ringfence.carriers.simulator.faults import FAILURE_CODES, Fault, FaultKind
from ringfence.carriers.simulator.handset import Handset, LoggedCall, is_address, is_handset_number
from ringfence.carriers.simulator.network import Network, NetworkFullError
from ringfence.carriers.simulator.origin_guard import OriginGuard
from ringfence.carriers.simulator.phones_page import page_routes
from ringfence.carriers.simulator.silent import Opening
from ringfence.carriers.simulator.subscriber import Subscriber
from ringfence.domain.mail_address import parse_mail_address
from ringfence.ports.silent_network import Finding

MAX_DELAY_MS = 3_600_000
MAX_CALL_MS = 7 * 24 * 3_600_000
REFUSAL_CODES = range(10_000, 100_000)

Name = Annotated[str, Meta(max_length=40)]
Body = Annotated[str, Meta(max_length=1_600)]
Url = Annotated[str, Meta(max_length=2_048, pattern=r"^https?://[^\s]+$")]


class HandsetForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    number: str
    name: Name = ""


class RenameForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: Name


class TextForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    to: str
    body: Body = ""
    media_urls: Annotated[tuple[Url, ...], Meta(max_length=10)] = ()


class CallForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: Annotated[str, Meta(pattern=r"^[0-9a-f-]{8,40}$")]
    peer: Annotated[str, Meta(min_length=1, max_length=256)]
    direction: Literal["incoming", "outgoing"]
    outcome: Annotated[str, Meta(min_length=1, max_length=60)]
    began_ms_ago: Annotated[int, Meta(ge=0, le=MAX_CALL_MS)]
    length_ms: Annotated[int, Meta(ge=0, le=MAX_CALL_MS)] = 0
    sid: Annotated[str, Meta(pattern=r"^CA[0-9a-f]{32}$")] | None = None


class ReadForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    peer: str | None = None


class OpenForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    url: Url


class FaultForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kind: FaultKind
    number: str | None = None
    code: int | UnsetType = UNSET
    delay_ms: Annotated[int, Meta(ge=0, le=MAX_DELAY_MS)] | UnsetType = UNSET
    probability: Annotated[float, Meta(ge=0, le=1)] = 1.0
    remaining: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None


class EmptyForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing is to be said."""


T = TypeVar("T")


class RefusedError(Exception):
    """Ends a request with a refusal in words."""

    def __init__(self, status: int, message: str, field: str | None = None) -> None:
        super().__init__(f"refused {status}")
        self.answer = refusal(status, message, field)


class Control:
    """The handlers, over one network."""

    def __init__(self, network: Network, closing: asyncio.Event, calling: CallingNow = no_calls) -> None:
        self._network = network
        self._calling = calling
        self._closing = closing
        self._readers = 0

    def routes(self) -> list[Route]:
        handset, messages = "/simulator/handsets/{number}", "/simulator/handsets/{number}/messages"
        return [
            _route("/simulator/handsets", "GET", self.list_handsets),
            _route("/simulator/handsets", "POST", self.add_handset),
            _route(handset, "GET", self.show_handset),
            _route(handset, "PATCH", self.rename_handset),
            _route(handset, "DELETE", self.remove_handset),
            _route(f"{handset}/subscriber", "GET", self.show_subscriber),
            _route(f"{handset}/subscriber", "PUT", self.set_subscriber),
            _route(messages, "GET", self.list_messages),
            _route(messages, "POST", self.text_from),
            _route(messages, "DELETE", self.clear_messages),
            _route(f"{handset}/calls", "GET", self.list_calls),
            _route(f"{handset}/calls", "POST", self.log_call),
            _route(f"{handset}/read", "POST", self.mark_read),
            _route(f"{handset}/opened", "POST", self.open_from),
            _route(f"{silent.PATH}{{token}}", "GET", self.open_from_elsewhere),
            _route("/simulator/faults", "GET", self.list_faults),
            _route("/simulator/faults", "POST", self.add_fault),
            _route("/simulator/faults", "DELETE", self.clear_faults),
            _route("/simulator/faults/{fault_id}", "DELETE", self.remove_fault),
            _route("/simulator/reset", "POST", self.reset),
            _route("/simulator/calling", "GET", self.show_calling),
            Route("/simulator/events", self.events, methods=["GET"]),
        ]

    async def list_handsets(self, request: Request) -> Response:
        return answer({"handsets": [handset_json(handset) for handset in self._network.handsets()]})

    async def add_handset(self, request: Request) -> Response:
        form = await _form(request, HandsetForm)
        mailbox = parse_mail_address(form.number)
        if mailbox is None and not is_handset_number(form.number):
            raise RefusedError(400, "Give a number in E.164 form, such as +12025550177, or a mail address.", "number")
        number = form.number if mailbox is None else mailbox.address
        known = self._network.handset(number) is not None
        return answer(handset_json(self._made(number, form.name)), 200 if known else 201)

    async def show_handset(self, request: Request) -> Response:
        return answer(handset_json(self._handset(request)))

    async def rename_handset(self, request: Request) -> Response:
        handset = self._handset(request)
        form = await _form(request, RenameForm)
        self._network.rename_handset(handset.number, form.name)
        return answer(handset_json(handset))

    async def remove_handset(self, request: Request) -> Response:
        self._network.remove_handset(self._handset(request).number)
        return empty()

    async def show_subscriber(self, request: Request) -> Response:
        return answer(self._handset(request).subscriber)

    async def set_subscriber(self, request: Request) -> Response:
        handset = self._handset(request)
        handset.subscriber = await _form(request, Subscriber)
        return answer(handset.subscriber)

    async def list_messages(self, request: Request) -> Response:
        return answer({"messages": [text_json(text) for text in self._handset(request).texts]})

    async def text_from(self, request: Request) -> Response:
        number = request.path_params["number"]
        if not is_handset_number(number):
            raise RefusedError(404, "A handset's number has E.164 form, such as +12025550177.")
        form = await _form(request, TextForm)
        if not is_address(form.to):
            raise RefusedError(400, "Give a number in E.164 form or a short code.", "to")
        if not form.body and not form.media_urls:
            raise RefusedError(400, "Give a body, or media_urls.", "body")
        if self._network.handset(number) is None:
            self._made(number, "")
        if self._network.mailbox.full:
            raise RefusedError(503, "The platform has not collected earlier texts.")
        return answer(text_json(self._network.text_from(number, form.to, form.body, form.media_urls)), 201)

    async def clear_messages(self, request: Request) -> Response:
        self._network.clear_texts(self._handset(request).number)
        return empty()

    async def list_calls(self, request: Request) -> Response:
        return answer({"calls": [call_json(call) for call in self._handset(request).calls]})

    async def log_call(self, request: Request) -> Response:
        handset = self._handset(request)
        form = await _form(request, CallForm)
        call = LoggedCall(
            id=form.id,
            handset=handset.number,
            peer=form.peer,
            direction=form.direction,
            outcome=form.outcome,
            at_ms=self._network.clock.now_ms() - form.began_ms_ago,
            length_ms=form.length_ms,
            sid=form.sid,
        )
        self._network.log_call(call)
        return answer(call_json(call), 201)

    async def mark_read(self, request: Request) -> Response:
        handset = self._handset(request)
        form = await _form(request, ReadForm)
        return answer({"marked": self._network.mark_read(handset.number, form.peer)})

    async def open_from(self, request: Request) -> Response:
        handset = self._handset(request)
        token = silent.token_in((await _form(request, OpenForm)).url)
        return _said(self._network.open_silently(token, handset.number))

    async def open_from_elsewhere(self, request: Request) -> Response:
        return _said(self._network.open_silently(request.path_params["token"]))

    async def list_faults(self, request: Request) -> Response:
        return answer({"faults": [fault_json(fault) for fault in self._network.faults]})

    async def add_fault(self, request: Request) -> Response:
        form = await _form(request, FaultForm)
        if form.number is not None and not (is_handset_number(form.number) or parse_mail_address(form.number)):
            raise RefusedError(400, "Give a number in E.164 form, or leave it out for all handsets.", "number")
        allowed = {FaultKind.FAIL: FAILURE_CODES, FaultKind.REFUSE: REFUSAL_CODES}.get(form.kind)
        if form.code is not UNSET and (allowed is None or form.code not in allowed):
            codes = ", ".join(map(str, FAILURE_CODES))
            raise RefusedError(400, f"A failing text has one of {codes}; a refused one has a five-digit code.", "code")
        given = {name: value for name, value in msgspec.structs.asdict(form).items() if value is not UNSET}
        try:
            fault = self._network.add_fault(Fault(**given))
        except OverflowError:
            raise RefusedError(409, "Too many faults; lift one first.") from None
        return answer(fault_json(fault), 201)

    async def clear_faults(self, request: Request) -> Response:
        self._network.clear_faults()
        return empty()

    async def remove_fault(self, request: Request) -> Response:
        if not self._network.remove_fault(request.path_params["fault_id"]):
            raise RefusedError(404, "No such fault.")
        return empty()

    async def reset(self, request: Request) -> Response:
        await _form(request, EmptyForm)
        self._network.reset()
        return empty()

    async def show_calling(self, request: Request) -> Response:
        calling = self._calling()
        return answer({"port": calling.port, "secure": calling.secure, "reason": calling.reason or None})

    async def events(self, request: Request) -> ASGIApp:
        feed = live.LiveFeed(
            self._network, self._closing, request.headers.get("last-event-id") or request.query_params.get("after", "")
        )

        async def counted(scope: Scope, receive: Receive, send: Send) -> None:
            if self._readers >= live.MAX_READERS:
                await refusal(503, "Too many readers of the feed.")(scope, receive, send)
                return
            self._readers += 1
            try:
                await feed(scope, receive, send)
            finally:
                self._readers -= 1

        return counted

    def _handset(self, request: Request) -> Handset:
        handset = self._network.handset(request.path_params["number"])
        if handset is None:
            raise RefusedError(404, "No handset has this number. POST /simulator/handsets makes one.")
        return handset

    def _made(self, number: str, name: str) -> Handset:
        try:
            return self._network.add_handset(number, name)
        except NetworkFullError:
            raise RefusedError(409, "Too many handsets; remove one first.") from None


def create_app(
    network: Network, closing: asyncio.Event, hosts: Iterable[str] = (), calling: CallingNow = no_calls
) -> Starlette:
    """The control interface and the Phones page. `hosts` may be used besides localhost, 127.0.0.1 and [::1].

    `calling` tells where handsets register for calls. Set `closing` before the server stops, so that live feeds end.
    """
    return Starlette(
        routes=[*Control(network, closing, calling).routes(), *page_routes(calling)],
        middleware=[Middleware(OriginGuard, hosts=tuple(hosts))],
        exception_handlers={HTTPException: _http_error},
    )


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return refusal(error.status_code, error.detail)


def _said(opening: Opening | None) -> Response:
    """As Twilio's addresses answer: whether the network knew a number, not whether it was the right one.

    The client token, where one was wanted, follows as `ClientToken`.
    """
    if opening is not None and opening.finding in (Finding.PROVEN, Finding.MISMATCH):
        token = f"&ClientToken={opening.client_token}" if opening.client_token else ""
        said = f"ErrorCode=0&ErrorDescription=Success&Carrier=Simulator{token}"
        return PlainTextResponse(said, headers=PRIVATE_HEADERS)
    return PlainTextResponse("ErrorCode=-10&ErrorDescription=Failure", headers=PRIVATE_HEADERS)


def _route(path: str, method: str, handler: Callable[[Request], Awaitable[Response]]) -> Route:
    async def endpoint(request: Request) -> Response:
        try:
            return await handler(request)
        except RefusedError as refused:
            return refused.answer

    return Route(path, endpoint, methods=[method])


async def _form(request: Request, form: type[T]) -> T:
    try:
        return msgspec.json.decode(await request.body() or b"{}", type=form)
    except msgspec.ValidationError as error:
        cause, _, where = str(error).partition(" - at `$.")
        raise RefusedError(400, f"{cause}.", where.rstrip("`") or None) from None
    except msgspec.DecodeError:
        raise RefusedError(400, "The body is not JSON.") from None

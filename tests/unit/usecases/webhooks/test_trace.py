"""What stays of a webhook attempt: request, answer, timing and trouble, within bounds, sealed for the tenant."""

import asyncio
from typing import Any
from urllib.parse import parse_qs

import pytest

from ringfence.domain.attempt import (
    MAX_ANSWER_BYTES,
    MAX_BYTES,
    MAX_EXCHANGES,
    MAX_FINDINGS,
    MAX_HEADER_CHARACTERS,
    MAX_HEADERS,
    MAX_REQUEST_BYTES,
    Attempt,
)
from ringfence.domain.clock import SystemClock
from ringfence.domain.sealing.attempt import open_attempt
from ringfence.domain.sealing.record import RecordSealer
from ringfence.ports.http import HttpFailedError, HttpRequest, HttpResponse, Phases
from ringfence.usecases.webhooks.deliver_event import EventDelivery
from ringfence.usecases.webhooks.trace import Trace

from .conftest import ACCOUNT, HANDSET, Installation, Program


async def opened(installation: Installation, sid: str) -> list[Attempt]:
    """What a tenant reads of its message's attempts."""

    sealer = RecordSealer(bytes(32), ACCOUNT)
    sealer._records = installation.keys._records
    return [
        open_attempt(sealer, sid, attempt.event_id, attempt.detail)
        for attempt in await installation.store.attempts(ACCOUNT, sid)
    ]


def test_a_callback_is_kept_as_it_was_said(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open()
        row = await installation.outbound(program.answer("status", "thank you", X_Shop="one"), "sent", "delivered")
        await installation.attempt()
        await installation.attempt()
        first, second = await opened(installation, row.sid)
        (exchange,) = first.exchanges
        (seen, _) = program.seen
        assert (exchange.method, exchange.url) == ("POST", program.url("status"))
        assert parse_qs(exchange.body.decode()) == {name: [value] for name, value in seen.params.items()}
        assert parse_qs(exchange.body.decode())["To"] == [HANDSET]
        assert exchange.signature == seen.headers["X-Twilio-Signature"]
        assert (exchange.status, exchange.answer, exchange.answer_bytes) == (200, b"thank you", 9)
        assert ("x-shop", "one") in exchange.headers
        assert (exchange.error_code, exchange.cause, first.cause, first.findings) == (None, "", "", ())
        assert not exchange.reused
        assert exchange.tcp_ms is not None
        assert exchange.tls_ms is None
        assert exchange.first_byte_ms is not None
        assert exchange.total_ms >= exchange.tcp_ms + exchange.first_byte_ms
        # Flask's server closes after each answer; what matters is that the two agree.
        assert second.exchanges[0].reused is (second.exchanges[0].tcp_ms is None)

    run(scenario())


def test_a_program_that_is_away_leaves_its_cause(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open()
        url = program.url("status#rc=0")
        program.stop()
        row = await installation.outbound(url, "sent")
        await installation.attempt()
        (attempt,) = await opened(installation, row.sid)
        (exchange,) = attempt.exchanges
        assert (exchange.status, exchange.error_code) == (None, 11205)
        assert exchange.cause == attempt.cause == "the host does not accept the connection"
        assert exchange.total_ms is not None

    try:
        run(scenario())
    finally:
        program._server.server_close()


def test_documents_redirects_findings_and_replies_are_in_order(
    run, installation: Installation, program: Program
) -> None:
    async def scenario() -> None:
        second = "<Response>\n  <Message>one</Message>\n  <Mesage>x</Mesage>\n</Response>"
        program.answer("second", second)
        await installation.open(sms_url=program.answer("first", "<Response><Redirect>second</Redirect></Response>"))
        row = await installation.inbound("hi")
        await installation.attempt()
        (attempt,) = await opened(installation, row.sid)
        assert [exchange.url for exchange in attempt.exchanges] == [program.url("first"), program.url("second")]
        (finding,) = attempt.findings
        assert (finding.exchange, finding.code, finding.line, finding.column) == (1, 12200, 3, 3)
        (reply,) = attempt.replies
        assert (await installation.store.message(ACCOUNT, reply)) is not None

    run(scenario())


def test_a_document_that_cannot_be_parsed_is_found_with_its_place(
    run, installation: Installation, program: Program
) -> None:
    async def scenario() -> None:
        await installation.open(sms_url=program.answer("first", "<Response>\n<Message>one</Response>"))
        row = await installation.inbound("hi")
        await installation.attempt()
        (attempt,) = await opened(installation, row.sid)
        (finding,) = attempt.findings
        assert (finding.exchange, finding.code, finding.line) == (0, 12100, 2)
        assert attempt.cause.startswith("the answer is no TwiML")

    run(scenario())


def test_a_capability_that_a_program_gives_back_is_not_kept(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        document = "<Response><Message>https://calls.example/x?Capability=c2VjcmV0</Message></Response>"
        await installation.open(sms_url=program.answer("first", document))
        row = await installation.inbound("hi")
        await installation.attempt()
        (attempt,) = await opened(installation, row.sid)
        (exchange,) = attempt.exchanges
        assert exchange.answer.decode() == document.replace("c2VjcmV0", "(left-out)")

    run(scenario())


def test_a_reply_that_is_not_accepted_is_found(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        document = '<Response><Message from="+12025550199">one</Message></Response>'
        await installation.open(sms_url=program.answer("first", document))
        row = await installation.inbound("hi")
        await installation.attempt()
        (attempt,) = await opened(installation, row.sid)
        assert [(finding.code, finding.message) for finding in attempt.findings] == [
            (21606, "a reply was not accepted")
        ]
        assert attempt.replies == ()

    run(scenario())


@pytest.mark.parametrize(
    ("keep", "status", "kept"), [("failures", 200, False), ("failures", 500, True), ("none", 500, False)]
)
def test_less_may_be_kept(
    run, installation: Installation, program: Program, keep: Any, status: int, kept: bool
) -> None:
    async def scenario() -> None:
        await installation.open()
        installation.delivery = EventDelivery(
            installation.store,
            installation.keys,
            installation.http,
            installation.replier,
            installation.media,
            installation.clock,
            keep=keep,
        )
        row = await installation.outbound(program.answer("status", status=status), "sent")
        await installation.attempt()
        (attempt,) = await installation.store.attempts(ACCOUNT, row.sid)
        assert (attempt.http_status, bool(attempt.detail)) == (status, kept)

    run(scenario())


def test_an_answer_with_a_fault_in_it_counts_as_a_failure(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open(sms_url=program.answer("first", "<Response><Mesage>x</Mesage></Response>"))
        installation.delivery._keep = "failures"
        row = await installation.inbound("hi")
        await installation.attempt()
        (attempt,) = await installation.store.attempts(ACCOUNT, row.sid)
        assert (attempt.state, attempt.error_code, bool(attempt.detail)) == ("done", 12200, True)

    run(scenario())


class Answering:
    """A client whose answers are given; an exception is raised."""

    def __init__(self, *answers: Any) -> None:
        self._answers = list(answers)

    async def send(self, request: HttpRequest) -> HttpResponse:
        answer = self._answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer


def answer(body: bytes = b"", headers: Any = ()) -> HttpResponse:
    return HttpResponse(status=200, headers=headers, body=body, phases=Phases(total_ms=2.0, reused=True))


def asked(body: bytes = b"") -> HttpRequest:
    return HttpRequest(method="POST", url="http://h/p", body=body)


def traced(run: Any, *answers: Any, body: bytes = b"") -> Trace:
    trace = Trace(Answering(*answers), SystemClock())

    async def scenario() -> None:
        for given in answers:
            if isinstance(given, BaseException):
                with pytest.raises(type(given)):
                    await trace.send(asked(body))
            else:
                assert await trace.send(asked(body)) is given

    run(scenario())
    return trace


def test_long_requests_and_answers_are_cut(run) -> None:
    trace = traced(run, answer(b"a" * (MAX_ANSWER_BYTES + 1)), body=b"b" * (MAX_REQUEST_BYTES + 1))
    (exchange,) = trace.attempt().exchanges
    assert exchange.answer == b"a" * MAX_ANSWER_BYTES
    assert exchange.answer_bytes == MAX_ANSWER_BYTES + 1
    assert exchange.body == b"b" * MAX_REQUEST_BYTES
    assert exchange.reused


def test_an_attempt_is_bounded_as_a_whole(run) -> None:
    trace = traced(run, *[answer(b"a" * MAX_ANSWER_BYTES)] * (MAX_EXCHANGES + 3), body=b"b" * 100)
    attempt = trace.attempt()
    assert len(attempt.exchanges) == MAX_EXCHANGES
    assert attempt.left_out == 3
    assert sum(len(each.body) + len(each.answer) for each in attempt.exchanges) == MAX_BYTES


def test_headers_are_bounded(run) -> None:
    many = tuple((f"n{place}", "v") for place in range(MAX_HEADERS + 1))
    long = (("n", "v" * (MAX_HEADER_CHARACTERS + 1)),)
    first, second = traced(run, answer(headers=many), answer(headers=long)).attempt().exchanges
    assert first.headers == many[:MAX_HEADERS]
    assert second.headers == (("n", "v" * MAX_HEADER_CHARACTERS),)


def test_findings_are_bounded(run) -> None:
    trace = traced(run)
    for _ in range(MAX_FINDINGS + 1):
        trace.find(12200, "x")
    assert len(trace.attempt().findings) == MAX_FINDINGS
    assert trace.troubled


def test_a_failure_is_written_down_and_raised(run) -> None:
    trace = traced(run, HttpFailedError(11210, "the host name does not resolve", Phases(total_ms=3.0)))
    (exchange,) = trace.attempt().exchanges
    assert (exchange.error_code, exchange.cause, exchange.total_ms) == (11210, "the host name does not resolve", 3.0)
    assert trace.troubled


def test_what_was_running_when_it_was_ended_is_written_down(run) -> None:
    trace = traced(run, asyncio.CancelledError())
    (exchange,) = trace.attempt().exchanges
    assert (exchange.status, exchange.total_ms) == (None, None)
    assert exchange.cause == "the attempt was ended while this ran"


def test_an_attempt_without_trouble_is_not_troubled(run) -> None:
    assert not traced(run, answer()).troubled

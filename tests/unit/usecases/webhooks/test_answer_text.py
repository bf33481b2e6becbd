"""An inbound text, a stock Flask program, and what its TwiML sets going."""

from typing import Any

import pytest
from twilio.twiml.messaging_response import MessagingResponse

from ringfence.domain.sid import is_sid
from ringfence.usecases.webhooks.replay import Replayer

from .conftest import ACCOUNT, HANDSET, NUMBER, Installation, Program

BOMB = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">'
    + "".join(f'<!ENTITY a{n + 1} "&a{n or ""};&a{n or ""};">' for n in range(30))
    + "]><Response><Message>&a30;</Message></Response>"
)


def say(*texts: str, redirect: str | None = None, method: str | None = None) -> str:
    response = MessagingResponse()
    for text in texts:
        response.message(text)
    if redirect is not None:
        response.redirect(redirect, **({"method": method} if method else {}))
    return str(response)


def test_a_text_is_told_and_answered(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open(sms_url=program.answer("sms", say("See you at 9 ✂", "Bye")))
        row = await installation.inbound("C")
        settlement = await installation.attempt()
        assert (settlement.state, settlement.http_status, settlement.error_code) == ("done", 200, None)
        (seen,) = program.seen
        assert (seen.method, seen.valid) == ("POST", True)
        assert (seen.params["Body"], seen.params["From"], seen.params["To"]) == ("C", HANDSET, NUMBER)
        assert seen.params["MessageSid"] == row.sid
        assert (seen.params["FromCountry"], seen.params["ToCountry"]) == ("US", "US")
        replies = await installation.replies()
        assert [(content.body, content.remote) for _, content in replies] == [
            ("See you at 9 ✂", HANDSET),
            ("Bye", HANDSET),
        ]
        assert installation.rings.count == 2

    run(scenario())


def test_told_again_nothing_is_sent_twice(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open(sms_url=program.answer("sms", say("one", "two")))
        await installation.inbound("C")
        (event,) = await installation.take()
        (opened,) = await installation.delivery.open([event])
        await installation.delivery.deliver(opened)
        # The dispatcher dies before it settles: the event is delivered again.
        settlement = await installation.delivery.deliver(opened)
        await installation.store.settle_events([settlement])
        assert await Replayer(installation.store, installation.clock, installation.rings).replay_event(
            ACCOUNT, event.id
        )
        await installation.attempt()
        assert len(program.seen) == 3
        assert [content.body for _, content in await installation.replies()] == ["one", "two"]

    run(scenario())


def test_a_get_carries_the_form_in_its_query(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open(sms_url=program.answer("sms", "") + "?shop=1", sms_method="GET")
        await installation.inbound("a/b?c:d@e!f$g'h(i)*j, k=l&m+n%o#p")
        assert (await installation.attempt()).state == "done"
        (seen,) = program.seen
        assert (seen.method, seen.valid, seen.valid_raw, seen.params["shop"]) == ("GET", True, True, "1")
        assert seen.params["Body"] == "a/b?c:d@e!f$g'h(i)*j, k=l&m+n%o#p"

    run(scenario())


def test_a_get_carries_the_longest_text(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open(sms_url=program.answer("sms", ""), sms_method="GET")
        await installation.inbound("文" * 1_600)
        assert (await installation.attempt()).state == "done"
        assert program.seen[0].valid_raw
        assert program.seen[0].params["Body"] == "文" * 1_600

    run(scenario())


@pytest.mark.parametrize(
    ("answer", "content_type", "bodies"),
    [
        ("", "text/xml", []),
        ("", "application/octet-stream", []),
        ("<Response/>", "application/xml", []),
        ("Thanks!", "text/plain; charset=utf-8", ["Thanks!"]),
        (say("hi"), "text/html; charset=utf-8", ["hi"]),
    ],
)
def test_kinds_of_answers(
    run, installation: Installation, program: Program, answer: str, content_type: str, bodies: list[str]
) -> None:
    async def scenario() -> None:
        await installation.open(sms_url=program.answer("sms", answer, Content_Type=content_type))
        await installation.inbound("C")
        settlement = await installation.attempt()
        assert (settlement.state, settlement.error_code) == ("done", None)
        assert [content.body for _, content in await installation.replies()] == bodies

    run(scenario())


def test_media_and_callbacks_may_be_relative(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        response = MessagingResponse()
        message = response.message("look", status_callback="../status#rc=2")
        message.media("/pic.png")
        response.message("other", action="done")
        await installation.open(sms_url=program.answer("a/sms", str(response)))
        await installation.inbound("C")
        assert (await installation.attempt()).state == "done"
        (picture, first), (_, second) = await installation.replies()
        assert first.media_urls == (program.url("pic.png"),)
        assert first.status_callback == program.url("status#rc=2")
        assert second.status_callback == program.url("a/done")
        assert is_sid(picture, "MM")

    run(scenario())


def test_a_redirect_goes_on_with_the_same_form(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        program.answer("two", say("second", redirect="three", method="GET"))
        program.answer("three", say("third"))
        await installation.open(sms_url=program.answer("one", say("first", redirect="two")))
        await installation.inbound("C")
        assert (await installation.attempt()).state == "done"
        assert [(seen.method, seen.path) for seen in program.seen] == [
            ("POST", "one"),
            ("POST", "two"),
            ("GET", "three"),
        ]
        assert all(seen.valid and seen.params["Body"] == "C" for seen in program.seen)
        assert [content.body for _, content in await installation.replies()] == ["first", "second", "third"]

    run(scenario())


@pytest.mark.parametrize("target", ["", "loop"])
def test_documents_that_lead_to_themselves_end(run, installation: Installation, program: Program, target: str) -> None:
    async def scenario() -> None:
        await installation.open(sms_url=program.answer("loop", say(redirect=target)))
        await installation.inbound("C")
        settlement = await installation.attempt()
        assert (settlement.state, settlement.error_code) == ("dead", 14106)
        assert len(program.seen) == 50

    run(scenario())


FAILURES = [
    ({"status": 404}, 11200),
    ({"status": 500}, 11200),
    ({"answer": "<Response><Message>"}, 12100),
    ({"answer": "<Other/>"}, 12102),
    ({"answer": BOMB}, 12100),
    ({"answer": "{}", "Content_Type": "application/json"}, 12300),
    ({"answer": "<Response>" + " " * 70_000 + "</Response>"}, 11750),
    ({"answer": "x" * 10_000_000}, 11750),
    ({"status": 302, "Location": "/sms"}, 11215),
    ({"answer": say(redirect="ftp://h/")}, 11100),
]


@pytest.mark.parametrize(("options", "code"), FAILURES)
def test_any_failure_goes_to_the_fallback(
    run, installation: Installation, program: Program, options: dict[str, Any], code: int
) -> None:
    async def scenario() -> None:
        fallback = program.answer("fallback", say("sorry"))
        sms_url = program.answer("sms", **options)
        await installation.open(sms_url=sms_url, sms_fallback_url=fallback, sms_fallback_method="GET")
        await installation.inbound("C")
        settlement = await installation.attempt()
        assert (settlement.state, settlement.error_code) == ("done", code)
        last = program.seen[-1]
        assert (last.path, last.method, last.valid) == ("fallback", "GET", True)
        assert last.params["ErrorCode"] == str(code)
        assert last.params["ErrorUrl"] == sms_url
        assert last.params["Body"] == "C"
        assert [content.body for _, content in await installation.replies()] == ["sorry"]

    run(scenario())


@pytest.mark.parametrize(("options", "code"), FAILURES)
def test_without_a_fallback_a_failure_has_its_code(
    run, installation: Installation, program: Program, options: dict[str, Any], code: int
) -> None:
    async def scenario() -> None:
        await installation.open(sms_url=program.answer("sms", **options))
        await installation.inbound("C")
        settlement = await installation.attempt()
        assert settlement.error_code == code
        assert settlement.state == ("pending" if options.get("status") == 500 else "dead")
        assert await installation.replies() == []

    run(scenario())


@pytest.mark.parametrize(
    ("first", "second", "state"), [(404, 404, "dead"), (500, 404, "pending"), (404, 500, "pending")]
)
def test_both_fail(run, installation: Installation, program: Program, first: int, second: int, state: str) -> None:
    async def scenario() -> None:
        await installation.open(
            sms_url=program.answer("sms", status=first), sms_fallback_url=program.answer("fallback", status=second)
        )
        await installation.inbound("C")
        settlement = await installation.attempt()
        assert (settlement.state, settlement.error_code, settlement.http_status) == (state, 11200, first)
        assert program.paths() == ["sms", "fallback"]

    run(scenario())


def test_the_failing_document_of_a_chain_is_the_error_url(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        program.answer("two", status=500)
        sms_url = program.answer("one", say("first", redirect="two"))
        await installation.open(sms_url=sms_url, sms_fallback_url=program.answer("fallback", say("last")))
        await installation.inbound("C")
        assert (await installation.attempt()).state == "done"
        assert program.seen[-1].params["ErrorUrl"] == program.url("two")
        replies = await installation.replies()
        assert [content.body for _, content in replies] == ["first", "last"]
        assert len({sid for sid, _ in replies}) == 2

    run(scenario())


def test_a_refused_reply_is_noted_and_the_others_go(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        response = MessagingResponse()
        response.message("nowhere", to="+1")
        response.message("not mine", from_="+12025550999")
        response.message("fine")
        await installation.open(sms_url=program.answer("sms", str(response)))
        await installation.inbound("C")
        settlement = await installation.attempt()
        assert (settlement.state, settlement.error_code) == ("done", 21211)
        assert [content.body for _, content in await installation.replies()] == ["fine"]

    run(scenario())


def test_one_text_has_a_hundred_replies_at_most(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open(sms_url=program.answer("sms", say(*map(str, range(101)))))
        await installation.inbound("C")
        settlement = await installation.attempt()
        assert (settlement.state, settlement.error_code) == ("done", 14109)
        assert [content.body for _, content in await installation.replies()] == [str(n) for n in range(50, 100)]

    run(scenario())


def test_an_invalid_callback_in_the_answer_stops_that_message_alone(
    run, installation: Installation, program: Program
) -> None:
    async def scenario() -> None:
        response = MessagingResponse()
        response.message("one", status_callback="ftp://h/")
        response.message("two")
        await installation.open(sms_url=program.answer("sms", str(response)))
        await installation.inbound("C")
        settlement = await installation.attempt()
        assert (settlement.state, settlement.error_code) == ("done", 14105)
        assert [content.body for _, content in await installation.replies()] == ["two"]

    run(scenario())


def test_a_reply_that_cannot_be_written_now_is_asked_for_again(
    run, installation: Installation, program: Program
) -> None:
    async def scenario() -> None:
        await installation.open(sms_url=program.answer("sms", say("one")))
        await installation.inbound("C")
        (event,) = await installation.take()
        (opened,) = await installation.delivery.open([event])
        installation.keys.away = True
        settlement = await installation.delivery.deliver(opened)
        assert settlement.state == "pending"
        installation.keys.away = False
        await installation.delivery.deliver(opened)
        assert [content.body for _, content in await installation.replies()] == ["one"]

    run(scenario())


def test_opt_out_words_are_told(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open(sms_url=program.answer("sms"))
        await installation.inbound("stop", opt_out="STOP")
        await installation.attempt()
        assert program.seen[0].params["OptOutType"] == "STOP"

    run(scenario())


def test_a_number_that_was_given_up_has_no_webhook(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open(sms_url=program.answer("sms"))
        await installation.inbound("hi")
        (number,) = await installation.store.numbers(ACCOUNT)
        await installation.store.release_number(ACCOUNT, number.sid)
        assert (await installation.attempt()).state == "done"
        assert program.seen == []

    run(scenario())

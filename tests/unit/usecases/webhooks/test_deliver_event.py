"""Events told to a stock Flask program that checks signatures with the official validator."""

import asyncio
import contextlib
import time
from typing import Any

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from ringfence.domain.message import Content
from ringfence.http.egress_guard import production
from ringfence.usecases.webhooks.deliver_event import EventDelivery, token_of
from ringfence.usecases.webhooks.replay import Replayer

from .conftest import ACCOUNT, HANDSET, NUMBER, Installation, Program


def test_a_status_callback_is_signed_and_told_once(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open()
        row = await installation.outbound(program.url("status?shop=1&x=%20y"), "sent")
        settlement = await installation.attempt()
        assert (settlement.state, settlement.http_status, settlement.error_code) == ("done", 204, None)
        (seen,) = program.seen
        assert (seen.method, seen.path, seen.valid) == ("POST", "status", True)
        assert seen.params["MessageSid"] == row.sid
        assert seen.params["MessageStatus"] == "sent"
        assert (seen.params["From"], seen.params["To"]) == (NUMBER, HANDSET)
        assert (seen.params["shop"], seen.params["x"]) == ("1", " y")
        assert seen.headers["User-Agent"].startswith("TwilioProxy/1.1")
        assert seen.headers["Content-Type"] == "application/x-www-form-urlencoded; charset=UTF-8"
        assert len(seen.headers["I-Twilio-Idempotency-Token"]) == 36
        assert await installation.take() == []

    run(scenario())


def test_events_of_a_message_come_in_order(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open()
        await installation.outbound(program.url("status"), "sent", "delivered")
        program.answer("status", status=503)
        assert (await installation.attempt()).state == "pending"
        assert await installation.take() == []
        assert [seen.params["MessageStatus"] for seen in program.seen] == ["sent"]

    run(scenario())


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (200, "done"),
        (204, "done"),
        (299, "done"),
        (400, "dead"),
        (401, "dead"),
        (404, "dead"),
        (408, "pending"),
        (425, "pending"),
        (429, "pending"),
        (500, "pending"),
        (503, "pending"),
        (304, "dead"),
        (308, "dead"),
    ],
)
def test_what_an_answer_means(run, installation: Installation, program: Program, status: int, state: str) -> None:
    async def scenario() -> None:
        await installation.open()
        await installation.outbound(program.answer("status", status=status), "sent")
        settlement = await installation.attempt()
        assert settlement.state == state
        assert settlement.http_status == status
        if state != "done":
            assert settlement.error_code == (11216 if status < 400 else 11200)
        if state == "pending":
            assert 4_500 < settlement.due_ms - installation.clock.now_ms() <= 5_500
        assert len(program.seen) == 1

    run(scenario())


def test_retry_after_is_heeded(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open()
        await installation.outbound(program.answer("status", status=429, Retry_After="120"), "sent")
        settlement = await installation.attempt()
        assert 119_000 < settlement.due_ms - installation.clock.now_ms() <= 120_000

    run(scenario())


def test_the_eighth_attempt_is_the_last_and_a_replay_begins_anew(
    run, installation: Installation, program: Program
) -> None:
    async def scenario() -> None:
        await installation.open()
        row = await installation.outbound(program.answer("status", status=500), "sent")
        (event,) = await installation.take()
        (opened,) = await installation.delivery.open([replace(event, attempts=6)])
        assert (await installation.delivery.deliver(opened)).state == "pending"
        (opened,) = await installation.delivery.open([replace(event, attempts=7)])
        settlement = await installation.delivery.deliver(opened)
        assert settlement.state == "dead"
        await installation.store.settle_events([settlement])

        replayer = Replayer(installation.store, installation.clock, installation.rings)
        assert not await replayer.replay_event("AC" + "b" * 32, event.id)
        assert await replayer.replay_failed(ACCOUNT, event.at_ms + 1) == 0
        assert installation.rings.count == 0
        assert await replayer.replay_failed(ACCOUNT, event.at_ms) == 1
        assert installation.rings.count == 1
        program.answer("status")
        assert (await installation.attempt()).state == "done"
        assert await replayer.replay_event(ACCOUNT, event.id)
        assert not await replayer.replay_event(ACCOUNT, event.id)
        tokens = {seen.headers["I-Twilio-Idempotency-Token"] for seen in program.seen}
        assert tokens == {token_of(event)}
        assert len(await installation.store.attempts(ACCOUNT, row.sid)) == 2

    run(scenario())


def test_what_was_given_up_is_told_after_later_events_as_it_was_then(
    run, installation: Installation, program: Program
) -> None:
    async def scenario() -> None:
        await installation.open()
        await installation.outbound(program.answer("status", status=404), "sent", "delivered")
        first = await installation.attempt()
        assert first.state == "dead"
        program.answer("status")
        assert (await installation.attempt()).state == "done"
        replayer = Replayer(installation.store, installation.clock, installation.rings)
        assert await replayer.replay_event(ACCOUNT, first.event_id)
        assert (await installation.attempt()).state == "done"
        told = [
            (seen.params["MessageStatus"], seen.params["SequenceNumber"], seen.params["Timestamp"])
            for seen in program.seen
        ]
        assert [(status, number) for status, number, _ in told] == [("sent", "0"), ("delivered", "1"), ("sent", "0")]
        assert told[0] == told[2]

    run(scenario())


def test_a_program_that_is_down_is_tried_again(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open()
        program.stop()
        await installation.outbound(program.url("status"), "sent")
        settlement = await installation.attempt()
        assert (settlement.state, settlement.error_code, settlement.http_status) == ("pending", 11205, None)

    with contextlib.suppress(OSError):
        run(scenario())


def test_a_program_that_hangs_costs_its_read_time(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open()
        program.answer("status", lambda: time.sleep(2) or "")
        await installation.outbound(program.url("status#rt=100&rc=0"), "sent")
        started = time.monotonic()
        settlement = await installation.attempt()
        assert (settlement.state, settlement.error_code) == ("pending", 11200)
        assert time.monotonic() - started < 1.5
        assert settlement.duration_ms >= 99

    run(scenario())


@pytest.mark.parametrize(
    ("fragment", "tries"), [("", 1), ("#rp=5xx", 2), ("#rc=3&rp=5xx", 4), ("#rc=3&rp=4xx", 1), ("#rc=2&rp=all", 3)]
)
def test_the_fragment_asks_for_tries_at_once(
    run, installation: Installation, program: Program, fragment: str, tries: int
) -> None:
    async def scenario() -> None:
        await installation.open()
        program.answer("status", status=500)
        await installation.outbound(program.url("status") + fragment, "sent")
        assert (await installation.attempt()).state == "pending"
        assert len(program.seen) == tries
        assert all(seen.valid for seen in program.seen)

    run(scenario())


def test_no_try_begins_after_the_total_time(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open()
        program.answer("status", lambda: time.sleep(0.08) or "", status=500)
        await installation.outbound(program.url("status#tt=100&rc=5&rp=all"), "sent")
        assert (await installation.attempt()).state == "pending"
        assert 1 <= len(program.seen) <= 2

    run(scenario())


@pytest.mark.parametrize(
    ("code", "method", "carries_form"),
    [(301, "GET", False), (302, "GET", False), (303, "GET", False), (307, "POST", True)],
)
def test_redirects_are_signed_for_where_they_lead(
    run, installation: Installation, program: Program, code: int, method: str, carries_form: bool
) -> None:
    async def scenario() -> None:
        await installation.open()
        url = program.answer("old", status=code, Location="/new?x=1")
        await installation.outbound(url, "sent")
        assert (await installation.attempt()).state == "done"
        assert program.paths() == ["old", "new"]
        assert [seen.valid for seen in program.seen] == [True, True]
        assert program.seen[1].method == method
        assert program.seen[1].params["x"] == "1"
        assert ("MessageSid" in program.seen[1].params) is carries_form

    run(scenario())


def test_a_redirect_loop_ends(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open()
        await installation.outbound(program.answer("loop", status=302, Location="/loop"), "sent")
        settlement = await installation.attempt()
        assert (settlement.state, settlement.error_code) == ("dead", 11215)
        assert len(program.seen) == 6

    run(scenario())


@pytest.mark.parametrize("location", [None, "", "ftp://h/", "http://u:p@h/"])
def test_a_redirect_to_nowhere(run, installation: Installation, program: Program, location: str | None) -> None:
    async def scenario() -> None:
        await installation.open()
        headers = {} if location is None else {"Location": location}
        await installation.outbound(program.answer("old", status=302, **headers), "sent")
        settlement = await installation.attempt()
        assert (settlement.state, settlement.error_code) == ("dead", 11216)

    run(scenario())


def test_a_redirect_inward_is_refused_in_production(run, installed: Any, program: Program) -> None:
    async def scenario() -> None:
        # The program itself is on the operator's list, what it redirects to is not.
        installation = installed(production(["127.0.0.1"]))
        await installation.open()
        for place, target in enumerate(("http://127.0.0.2:9/", "http://169.254.169.254/", "http://[::1]:9/")):
            await installation.outbound(program.answer(f"old{place}", status=307, Location=target), "sent")
            settlement = await installation.attempt()
            assert (settlement.state, settlement.error_code) == ("dead", 21205)

    run(scenario())


@pytest.mark.parametrize("url", ["not a url", "ftp://h/", "http://", "http://h/\r\nX: y", "http://127.1/"])
def test_a_url_that_is_none_is_dead(run, installation: Installation, url: str) -> None:
    async def scenario() -> None:
        await installation.open()
        await installation.outbound(url, "sent")
        settlement = await installation.attempt()
        assert (settlement.state, settlement.error_code) == ("dead", 11100)

    run(scenario())


def test_ten_megabytes_are_not_read(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open()
        await installation.outbound(program.answer("big", "x" * 10_000_000), "sent")
        settlement = await installation.attempt()
        assert (settlement.state, settlement.error_code) == ("dead", 11750)

    run(scenario())


def test_nobody_to_tell_is_no_failure(run, installation: Installation) -> None:
    async def scenario() -> None:
        await installation.open()
        await installation.outbound(None, "sent")
        assert (await installation.attempt()).state == "done"
        await installation.inbound("hi")
        assert (await installation.attempt()).state == "done"

    run(scenario())


def test_content_that_cannot_be_opened_is_dead(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open()
        row = await installation.outbound(program.url("status"), "sent")
        installation.keys.closed.add(row.sid)
        assert (await installation.attempt()).state == "dead"
        await installation.outbound(program.url("status"), "sent", content=b"")
        assert (await installation.attempt()).state == "dead"
        await installation.outbound(program.url("status"), "sent", content=b"x" * 60)
        assert (await installation.attempt()).state == "dead"
        assert program.seen == []

    run(scenario())


def test_a_key_service_that_is_away_is_waited_for(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open()
        await installation.outbound(program.url("status"), "sent")
        (event,) = await installation.take()
        installation.keys.away = True
        (opened,) = await installation.delivery.open([event])
        assert isinstance(opened, ConnectionError)

    run(scenario())


def test_a_failure_is_logged_without_content(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open()
        program.answer("status/hush-hush", "hush-hush", status=500)
        await installation.outbound(program.url("status/hush-hush?hush-hush"), "sent")
        (event,) = await installation.take()
        (opened,) = await installation.delivery.open([event])
        assert isinstance(getattr(opened, "content", None), Content)
        assert "hush" not in repr(opened)
        with capture_logs() as logs:
            await installation.delivery.deliver(opened)
        (entry,) = [entry for entry in logs if entry["event"] == "webhook failed"]
        assert (entry["code"], entry["http_status"], entry["status"]) == (11200, 500, "pending")
        assert entry["cause"] == "the program answered with an error"
        for secret in ("hush", HANDSET, NUMBER, str(program.port)):
            assert secret not in str(logs)

    run(scenario())


def test_a_hundred_at_once(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open()
        for _ in range(10):
            await installation.outbound(program.url("status"), "sent")
        opened = await installation.delivery.open(await installation.take())
        settlements = await asyncio.gather(*(installation.delivery.deliver(one) for one in opened))
        assert {settlement.state for settlement in settlements} == {"done"}
        assert all(seen.valid for seen in program.seen)
        # HMAC states are opened once, not once an event.
        assert installation.keys.opened_standing == 1

    run(scenario())


class Detour:
    """`ports.onlookers.Detours` for one number."""

    def __init__(self, number: str, url: str) -> None:
        self._way = {number: url}

    def of(self, number: str) -> str | None:
        return self._way.get(number)


@pytest.mark.parametrize("usual", ["", "usual"])
def test_a_detour_takes_inbound_texts_whatever_is_configured(
    run, installation: Installation, program: Program, usual: str
) -> None:
    program.answer("mine", status=404)

    async def scenario() -> None:
        await installation.open(
            sms_url=usual and program.url(usual), sms_fallback_url=usual and program.url("fallback"), sms_method="GET"
        )
        installation.delivery = EventDelivery(
            installation.store,
            installation.keys,
            installation.http,
            installation.replier,
            installation.media,
            installation.clock,
            detours=Detour(NUMBER, program.url("mine")),
        )
        await installation.inbound("C")
        settlement = await installation.attempt()
        assert (settlement.state, settlement.http_status) == ("dead", 404)
        assert [(seen.method, seen.path, seen.valid) for seen in program.seen] == [("GET", "mine", True)]
        await installation.outbound(program.url("status"), "sent")
        await installation.attempt()
        assert program.paths() == ["mine", "status"]

    run(scenario())


def test_a_detour_of_another_number_changes_nothing(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open(sms_url=program.url("usual"))
        installation.delivery = EventDelivery(
            installation.store,
            installation.keys,
            installation.http,
            installation.replier,
            installation.media,
            installation.clock,
            detours=Detour("+12025550199", program.url("mine")),
        )
        await installation.inbound("C")
        await installation.attempt()
        assert program.paths() == ["usual"]

    run(scenario())

"""What a developer's test can do, and what has happened when a step returns."""

import asyncio
import socket
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from .conftest import CUSTOMER, SHOP, Barber


def test_a_text_is_on_the_phone_when_the_client_returns(ringfence: Any) -> None:
    phone, shop = ringfence.phone(CUSTOMER), ringfence.number(SHOP)
    sent = ringfence.client().messages.create(from_=shop, to=phone, body="Haircut Tue 15:00. Reply C to confirm.")
    assert sent.status == "queued"
    (text,) = phone.inbox
    assert (text.sender, text.to, text.body) == (SHOP, CUSTOMER, "Haircut Tue 15:00. Reply C to confirm.")
    assert (text.sid, text.replies) == (sent.sid, ("C",))
    assert sent.fetch().status == "delivered"


def test_a_reply_is_told_to_the_program_and_its_answer_is_on_the_phone(ringfence: Any, barber: Barber) -> None:
    phone, shop = ringfence.phone(CUSTOMER), ringfence.number(SHOP)
    assert shop.sms_to(barber) == "https://app.test/sms"
    ringfence.client().messages.create(from_=SHOP, to=CUSTOMER, body="Reply C to confirm.")
    phone.reply("C")
    assert [text.body for text in phone.inbox] == ["Reply C to confirm.", "See you Tuesday!"]
    assert [text.body for text in phone.outbox] == ["C"]
    (form,) = barber.seen
    assert (form["From"], form["To"], form["Body"], form["path"]) == (CUSTOMER, SHOP, "C", "/sms")


def test_status_callbacks_come_in_order_and_signed(ringfence: Any, barber: Barber) -> None:
    ringfence.number(SHOP)
    origin = ringfence.host(barber, "https://shop.example")
    ringfence.client().messages.create(from_=SHOP, to=CUSTOMER, body="Hi", status_callback=f"{origin}/status?n=1")
    assert barber.statuses == ["sent", "delivered"]
    assert ringfence.webhooks.all_signed
    assert [webhook.status for webhook in ringfence.webhooks.to("/status")] == [200, 200]
    last = ringfence.webhooks[-1]
    assert last.form["MessageStatus"] == "delivered"
    assert (last.method, last.url, last.error) == ("POST", "https://shop.example/status?n=1", None)
    assert len(ringfence.webhooks[:1]) == 1


def test_the_sdks_own_validator_accepts_the_signature(ringfence: Any) -> None:
    accepted: list[bool] = []

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        url = f"{environ['wsgi.url_scheme']}://{environ['HTTP_HOST']}{environ['PATH_INFO']}"
        form = ringfence_form(environ)
        accepted.append(RequestValidator(ringfence.auth_token).validate(url, form, environ["HTTP_X_TWILIO_SIGNATURE"]))
        start_response("204 No Content", [])
        return []

    ringfence.number(SHOP).sms_to(app, "text/in")
    ringfence.phone(CUSTOMER).send(SHOP, "Grüße 👋")
    assert accepted == [True]


def ringfence_form(environ: dict[str, Any]) -> dict[str, str]:
    from urllib.parse import parse_qsl

    return dict(parse_qsl(environ["wsgi.input"].read().decode(), keep_blank_values=True))


def test_nothing_is_signed_where_there_is_no_webhook(ringfence: Any) -> None:
    assert not ringfence.webhooks.all_signed
    assert list(ringfence.webhooks) == []


def test_a_webhook_by_get_is_signed_too(ringfence: Any) -> None:
    queries: list[str] = []

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        queries.append(environ["QUERY_STRING"])
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"Thanks!"]

    ringfence.number(SHOP).sms_to(app, method="GET")
    phone = ringfence.phone(CUSTOMER)
    phone.send(SHOP, "C")
    assert "Body=C" in queries[0]
    assert ringfence.webhooks.all_signed
    assert ringfence.webhooks[0].form["Body"] == "C"
    assert phone.last_text().body == "Thanks!"


def test_a_program_that_makes_its_own_client_comes_here(ringfence: Any) -> None:
    ringfence.number(SHOP)
    Client().messages.create(from_=SHOP, to=CUSTOMER, body="From the environment")
    assert ringfence.phone(CUSTOMER).inbox[0].body == "From the environment"
    with pytest.raises(TwilioRestException) as refused:
        Client("AC" + "0" * 32, "live").messages.create(from_=SHOP, to=CUSTOMER, body="Lost")
    assert refused.value.status == 401


def test_a_program_may_text_from_within_a_webhook(ringfence: Any, barber: Barber) -> None:
    ringfence.number(SHOP).sms_to(barber)
    callback = ringfence.host(barber) + "/status"
    barber.acts = [lambda: Client().messages.create(from_=SHOP, to="+12025550178", body="C?", status_callback=callback)]
    ringfence.phone(CUSTOMER).send(SHOP, "Hello")
    assert ringfence.phone("+12025550178").last_text().body == "C?"
    assert barber.statuses == ["sent", "delivered"]


def test_a_program_may_text_from_another_thread_within_a_webhook(ringfence: Any, barber: Barber) -> None:
    ringfence.number(SHOP).sms_to(barber)

    def text() -> None:
        thread = threading.Thread(target=lambda: Client().messages.create(from_=SHOP, to=CUSTOMER, body="From afar"))
        thread.start()
        thread.join(10)
        assert not thread.is_alive()

    barber.acts = [text]
    phone = ringfence.phone(CUSTOMER)
    phone.send(SHOP, "Hello")
    assert phone.last_text().body == "From afar"


def test_the_clock_stands_until_it_is_moved(ringfence: Any) -> None:
    before = ringfence.clock.now
    assert ringfence.clock.now == before
    ringfence.clock.advance(hours=24)
    ringfence.clock.advance(timedelta(minutes=1), seconds=1)
    assert ringfence.clock.now - before == timedelta(days=1, seconds=61)
    with pytest.raises(ValueError, match="back"):
        ringfence.clock.advance(seconds=-1)


@pytest.mark.ringfence(at="2026-03-01T09:00:00Z")
def test_a_scheduled_text_goes_at_its_time(ringfence: Any) -> None:
    phone = ringfence.phone(CUSTOMER)
    ringfence.number(SHOP)
    client = ringfence.client()
    service = client.messaging.v1.services.create(friendly_name="Reminders")
    client.messaging.v1.services(service.sid).phone_numbers.create(client.incoming_phone_numbers.list()[0].sid)
    at = {"schedule_type": "fixed", "send_at": datetime(2026, 3, 8, 9, tzinfo=UTC)}
    client.messages.create(messaging_service_sid=service.sid, to=CUSTOMER, body="In a week", **at)
    ringfence.clock.advance(days=7, seconds=-1)
    assert phone.inbox == []
    ringfence.clock.advance(minutes=1)
    assert phone.last_text().at == datetime(2026, 3, 8, 9, tzinfo=UTC)


def test_a_webhook_that_failed_is_tried_again_as_time_passes(ringfence: Any, barber: Barber) -> None:
    ringfence.number(SHOP).sms_to(barber)
    barber.status = "503 Service Unavailable"
    ringfence.phone(CUSTOMER).send(SHOP, "C")
    assert len(ringfence.webhooks) == 1
    barber.status = "200 OK"
    ringfence.clock.advance(minutes=1)
    assert [webhook.status for webhook in ringfence.webhooks] == [503, 200]
    assert ringfence.phone(CUSTOMER).last_text().body == "See you Tuesday!"


def test_what_a_program_raises_is_raised_in_the_test(ringfence: Any, barber: Barber) -> None:
    ringfence.number(SHOP).sms_to(barber)

    def fail() -> None:
        raise ZeroDivisionError("in the app")

    barber.acts = [fail]
    with pytest.raises(ZeroDivisionError, match="in the app"):
        ringfence.phone(CUSTOMER).send(SHOP, "C")
    (webhook,) = ringfence.webhooks
    assert (webhook.status, webhook.error) == (500, "ZeroDivisionError('in the app')")


def test_the_clock_is_not_moved_from_within_a_program(ringfence: Any, barber: Barber) -> None:
    ringfence.number(SHOP).sms_to(barber)
    barber.acts = [lambda: ringfence.clock.advance(hours=1)]
    with pytest.raises(RuntimeError, match="move the clock in the test"):
        ringfence.phone(CUSTOMER).send(SHOP, "C")


def test_programs_that_answer_one_another_for_ever_are_told_so(ringfence: Any, monkeypatch: Any) -> None:
    from ringfence.testing import driver

    monkeypatch.setattr(driver, "MAX_CALLS", 20)

    def echo(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/xml")])
        Client().messages.create(from_=SHOP, to=CUSTOMER, body="Again", status_callback="https://app.test/")
        return []

    ringfence.number(SHOP).sms_to(echo)
    with pytest.raises(AssertionError, match="20 webhooks without a pause"):
        ringfence.phone(CUSTOMER).send(SHOP, "Hello")


@pytest.mark.parametrize("code", [30003, 30005, 30022])
def test_texts_fail_with_the_code_wanted(ringfence: Any, code: int) -> None:
    ringfence.number(SHOP)
    client = ringfence.client()
    with ringfence.fails(code):
        failed = client.messages.create(from_=SHOP, to=CUSTOMER, body="Hi")
    assert failed.fetch().error_code == code
    assert ringfence.phone(CUSTOMER).inbox == []
    client.messages.create(from_=SHOP, to=CUSTOMER, body="Hi again")
    assert ringfence.phone(CUSTOMER).last_text().body == "Hi again"


def test_a_failure_of_one_phone_spares_the_others(ringfence: Any) -> None:
    ringfence.number(SHOP)
    other = ringfence.phone("+12025550178")
    with ringfence.fails(30003, to=ringfence.phone(CUSTOMER)):
        for phone in (CUSTOMER, other):
            ringfence.client().messages.create(from_=SHOP, to=phone, body="Hi")
    assert [text.body for text in other.inbox] == ["Hi"]


def test_a_block_in_which_nothing_failed_fails_itself(ringfence: Any) -> None:
    with pytest.raises(AssertionError, match="no text failed with 30005"), ringfence.fails(30005):
        pass
    with pytest.raises(KeyError), ringfence.fails(30005):
        raise KeyError("the test's own comes first")


def test_a_code_of_the_api_is_no_failure_on_the_way(ringfence: Any) -> None:
    with pytest.raises(ValueError, match="expect TwilioRestException"):
        ringfence.fails(21610)


def test_receipts_may_be_lost_late_and_doubled(ringfence: Any, barber: Barber) -> None:
    ringfence.number(SHOP)
    callback = ringfence.host(barber) + "/status"

    def send() -> Any:
        barber.seen.clear()
        return ringfence.client().messages.create(from_=SHOP, to=CUSTOMER, body="Hi", status_callback=callback)

    with ringfence.chaos(drop=1):
        send()
        ringfence.clock.advance(days=1)
    assert barber.statuses == ["sent"]
    with ringfence.chaos(delay=30):
        send()
        ringfence.clock.advance(seconds=29)
        assert barber.statuses == ["sent"]
        ringfence.clock.advance(seconds=2)
    assert barber.statuses == ["sent", "delivered"]
    with ringfence.chaos(duplicate=1):
        send()
    assert barber.statuses == ["sent", "delivered"]


@pytest.mark.ringfence(at="2026-03-01T09:00:00Z")
def test_receipts_may_come_in_another_order(ringfence: Any, barber: Barber) -> None:
    ringfence.number(SHOP)
    callback = ringfence.host(barber) + "/status"
    with ringfence.chaos(reorder=timedelta(seconds=60), to=CUSTOMER):
        sids = [
            ringfence.client().messages.create(from_=SHOP, to=CUSTOMER, body=body, status_callback=callback).sid
            for body in ("one", "two", "three")
        ]
        ringfence.clock.advance(minutes=3)
    delivered = [form["MessageSid"] for form in barber.seen if form["MessageStatus"] == "delivered"]
    assert delivered == sids[::-1]


def test_webhooks_may_come_twice(ringfence: Any, barber: Barber) -> None:
    ringfence.number(SHOP).sms_to(barber)
    phone = ringfence.phone(CUSTOMER)
    with ringfence.chaos(repeat=1):
        phone.send(SHOP, "C")
    phone.send(SHOP, "C")
    first, second, third = barber.seen
    assert first == second
    assert third["MessageSid"] != first["MessageSid"]
    assert [text.body for text in phone.inbox] == ["See you Tuesday!"] * 2
    assert ringfence.webhooks.all_signed


@pytest.mark.parametrize(
    "wrong", [{}, {"drop": 1.5}, {"duplicate": -0.1}, {"delay": 4_000}, {"reorder": -1}, {"repeat": 2}]
)
def test_chaos_that_cannot_be_is_refused(ringfence: Any, wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"say what|from 0 to"):
        ringfence.chaos(**wrong)


def test_a_url_elsewhere_is_never_called(ringfence: Any) -> None:
    ringfence.number(SHOP).sms_to("https://shop.example/sms")
    ringfence.phone(CUSTOMER).send(SHOP, "C")
    webhook = ringfence.webhooks[0]
    assert webhook.status is None
    assert "no program at shop.example" in str(webhook.error)
    assert "give the app itself" in ringfence.conversation()


def test_a_url_of_this_machine_is_called(ringfence: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def serve() -> None:
            connection, _ = server.accept()
            with connection, connection.makefile("rb") as asked:
                while asked.readline().strip():
                    pass
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nOK")

        thread = threading.Thread(target=serve)
        thread.start()
        ringfence.number(SHOP).sms_to(f"http://127.0.0.1:{port}/sms")
        phone = ringfence.phone(CUSTOMER)
        phone.send(SHOP, "C")
        thread.join(10)
    assert phone.last_text().body == "OK"
    phone.send(SHOP, "C")
    assert ringfence.webhooks[-1].error == "nothing answers there: ConnectionRefusedError"


def test_media_of_the_programs_own_are_fetched_from_it(ringfence: Any) -> None:
    asked: list[str] = []

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        asked.append(environ["PATH_INFO"])
        start_response("200 OK", [("Content-Type", "image/png")])
        return [b"\x89PNG"]

    ringfence.number(SHOP)
    url = ringfence.host(app) + "/cut.png"
    sent = ringfence.client().messages.create(from_=SHOP, to=CUSTOMER, body="Your cut", media_url=[url])
    assert asked == ["/cut.png"]
    assert ringfence.phone(CUSTOMER).last_text().media_urls == (url,)
    assert [medium.content_type for medium in sent.media.list()] == ["image/png"]
    assert len(ringfence.webhooks) == 0


def test_opt_outs_hold(ringfence: Any) -> None:
    phone = ringfence.phone(CUSTOMER)
    ringfence.number(SHOP)
    phone.send(SHOP, "STOP")
    with pytest.raises(TwilioRestException) as refused:
        ringfence.client().messages.create(from_=SHOP, to=CUSTOMER, body="Please")
    assert refused.value.code == 21610
    phone.send(SHOP, "START")
    ringfence.client().messages.create(from_=SHOP, to=CUSTOMER, body="Welcome back")
    assert phone.last_text().body == "Welcome back"


def test_the_last_code_is_read_from_the_phone(ringfence: Any) -> None:
    ringfence.number(SHOP)
    phone = ringfence.phone(CUSTOMER)
    ringfence.client().messages.create(from_=SHOP, to=phone, body="Your code is 482 913.")
    ringfence.client().messages.create(from_=SHOP, to=phone, body="We never ask for it.")
    assert phone.last_code() == "482913"


def test_a_phone_that_got_nothing_says_what_was_said_instead(ringfence: Any) -> None:
    phone = ringfence.phone(CUSTOMER)
    for look in (phone.last_code, phone.last_text, lambda: phone.reply("C")):
        with pytest.raises(LookupError, match=r"has come to \+12025550177") as nothing:
            look()
        assert "Nothing was said" in str(nothing.value)


def test_everything_works_within_a_running_loop(ringfence: Any, barber: Barber) -> None:
    async def scenario() -> None:
        ringfence.number(SHOP).sms_to(barber)
        phone = ringfence.phone(CUSTOMER)
        sent = await ringfence.async_client().messages.create_async(from_=SHOP, to=CUSTOMER, body="Reply C")
        phone.reply("C")
        ringfence.clock.advance(hours=1)
        assert phone.last_text().body == "See you Tuesday!"
        assert (await sent.fetch_async()).status == "delivered"
        with pytest.raises(TwilioRestException):
            await ringfence.async_client().messages.create_async(from_=SHOP, to="12", body="")

    asyncio.run(scenario())


def test_wrong_numbers_are_refused_with_the_right_form(ringfence: Any) -> None:
    for attempt in (ringfence.phone, ringfence.number, lambda to: ringfence.phone(CUSTOMER).send(to, "Hi")):
        with pytest.raises(ValueError, match=r"E\.164"):
            attempt("12")


def test_an_app_keeps_its_origin_and_no_other_takes_it(ringfence: Any, barber: Barber) -> None:
    assert ringfence.host(barber) == ringfence.host(barber) == "https://app.test"
    assert ringfence.host(Barber()) == "https://app2.test"
    with pytest.raises(ValueError, match="another app"):
        ringfence.host(Barber(), "https://app.test")
    with pytest.raises(ValueError, match="origin"):
        ringfence.host(Barber(), "https://app.test/path")
    with pytest.raises(TypeError, match="callable"):
        ringfence.host("https://app.test")


def test_the_conversation_reads_in_order(ringfence: Any, barber: Barber) -> None:
    ringfence.number(SHOP).sms_to(barber)
    ringfence.client().messages.create(from_=SHOP, to=CUSTOMER, body="Reply C\nto confirm")
    ringfence.phone(CUSTOMER).reply("C")
    with pytest.raises(TwilioRestException):
        ringfence.client().messages.create(from_="+12025550100", to=CUSTOMER, body="Not mine")
    lines = [line[20:] for line in ringfence.conversation().splitlines()]
    assert lines[0].startswith("POST Messages.json → 201 SM")
    assert lines[1:4] == [
        f'{SHOP} → {CUSTOMER}  "Reply C⏎to confirm"',
        f'{CUSTOMER} → {SHOP}  "C"',
        "webhook received POST https://app.test/sms → 200",
    ]
    assert lines[4:6] == [
        "<Response><Message>See you Tuesday!</Message></Response>",
        f'{SHOP} → {CUSTOMER}  "See you Tuesday!"',
    ]
    assert lines[6].startswith("POST Messages.json → 400 error 21606")


def test_no_repr_shows_a_body(ringfence: Any, barber: Barber) -> None:
    ringfence.number(SHOP).sms_to(barber)
    phone = ringfence.phone(CUSTOMER)
    phone.send(SHOP, "secret words")
    shown = repr([ringfence, phone, phone.outbox, ringfence.webhooks, ringfence.number(SHOP)])
    assert "secret" not in shown
    assert ringfence.auth_token not in shown


def test_lookups_tell_what_the_test_says_of_a_phones_owner(ringfence: Any) -> None:
    phone = ringfence.phone(CUSTOMER)
    lookup = ringfence.client().lookups.v2.phone_numbers(CUSTOMER)
    assert lookup.fetch(fields="sim_swap").sim_swap["last_sim_swap"]["swapped_in_period"] is False
    phone.subscriber(sim_swapped_at=ringfence.clock.now)
    assert lookup.fetch(fields="sim_swap").sim_swap["last_sim_swap"]["swapped_in_period"] is True
    ringfence.clock.advance(hours=25)
    assert lookup.fetch(fields="sim_swap").sim_swap["last_sim_swap"]["swapped_in_period"] is False
    with pytest.raises(ValueError, match="shoe_size"):
        phone.subscriber(shoe_size=43)

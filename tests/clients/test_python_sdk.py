"""The official Python SDK, unchanged but for its base URL, on a running installation."""

import itertools
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client

_line = itertools.count(1_000)


def handset() -> str:
    """A number nobody has texted yet (a German mobile range set aside for fiction)."""
    return f"+49171392{next(_line)}"


def await_value(read: Callable[[], Any], wanted: Any, limit_s: float = 15) -> None:
    until = time.monotonic() + limit_s
    while (found := read()) != wanted:
        assert time.monotonic() < until, f"still {found!r} after {limit_s} s"
        time.sleep(0.05)


@pytest.fixture
def client(installation: Any) -> Client:
    return installation.client()


def test_a_text_is_created_fetched_and_delivered(installation: Any, client: Client) -> None:
    to = handset()
    made = client.messages.create(to=to, from_=installation.shop, body="Haircut Tue 15:00 ✂")
    assert made.sid.startswith("SM")
    assert (made.to, made.from_, made.body) == (to, installation.shop, "Haircut Tue 15:00 ✂")
    assert (made.status, made.direction, made.num_segments, made.num_media) == ("queued", "outbound-api", "1", "0")
    assert made.account_sid == installation.account_sid
    assert made.error_code is None
    assert abs(made.date_created - datetime.now(UTC)) < timedelta(minutes=1)
    await_value(lambda: client.messages(made.sid).fetch().status, "delivered")
    fetched = client.messages(made.sid).fetch()
    assert (fetched.to, fetched.from_, fetched.body) == (to, installation.shop, "Haircut Tue 15:00 ✂")


def test_an_api_key_reads_what_it_sent(installation: Any) -> None:
    client = installation.client(installation.api_key, installation.api_secret)
    made = client.messages.create(to=handset(), from_=installation.shop, body="by key")
    assert client.messages(made.sid).fetch().body == "by key"


def test_lists_filter_by_either_end_and_by_day(installation: Any, client: Client) -> None:
    to, other = handset(), handset()
    sent = [client.messages.create(to=to, from_=installation.shop, body=f"{n}").sid for n in range(3)]
    client.messages.create(to=other, from_=installation.shop, body="elsewhere")
    now = datetime.now(UTC)
    newest_first = sent[::-1]

    def listed(**filters: Any) -> list[str | None]:
        return [message.sid for message in client.messages.list(to=to, **filters)]

    assert listed() == newest_first
    assert listed(from_=installation.shop) == newest_first
    assert listed(from_=other) == []
    assert listed(limit=2) == newest_first[:2]
    await_value(lambda: {message.status for message in client.messages.list(to=to)}, {"delivered"})
    assert listed(date_sent=now) == newest_first
    assert listed(date_sent_after=now - timedelta(days=1)) == newest_first
    assert listed(date_sent_before=now + timedelta(days=1)) == newest_first
    assert listed(date_sent_after=now + timedelta(days=2)) == []
    assert listed(date_sent_before=now - timedelta(days=2)) == []


def test_a_long_list_comes_in_pages(installation: Any, client: Client) -> None:
    to = handset()
    sent = [client.messages.create(to=to, from_=installation.shop, body=f"{n}").sid for n in range(7)]
    assert [message.sid for message in client.messages.stream(to=to, page_size=3)] == sent[::-1]
    first = client.messages.page(to=to, page_size=3)
    assert [message.body for message in first] == ["6", "5", "4"]
    second = first.next_page()
    assert [message.body for message in second] == ["3", "2", "1"]
    third = second.next_page()
    assert [message.body for message in third] == ["0"]
    assert third.next_page() is None


def test_redaction_takes_the_body_away_for_good(installation: Any, client: Client) -> None:
    made = client.messages.create(to=handset(), from_=installation.shop, body="secret")
    await_value(lambda: client.messages(made.sid).fetch().status, "delivered")
    assert client.messages(made.sid).update(body="").body == ""
    assert client.messages(made.sid).fetch().body == ""


def test_a_scheduled_text_is_canceled(installation: Any, client: Client) -> None:
    client.messaging.base_url = installation.base_url + "/messaging"
    service = client.messaging.v1.services.create(friendly_name="Reminders")
    shop = client.incoming_phone_numbers.list(phone_number=installation.shop)[0]
    client.messaging.v1.services(service.sid).phone_numbers.create(shop.sid)
    made = client.messages.create(
        to=handset(),
        messaging_service_sid=service.sid,
        body="later",
        schedule_type="fixed",
        send_at=datetime.now(UTC) + timedelta(hours=1),
    )
    assert made.status == "scheduled"
    assert client.messages(made.sid).update(status="canceled").status == "canceled"
    assert client.messages(made.sid).fetch().status == "canceled"
    # Texts to a pooled number go to its service's webhook: the shop's go to its own again.
    assert client.messaging.v1.services(service.sid).delete()


def test_a_deleted_text_is_gone(installation: Any, client: Client) -> None:
    to = handset()
    made = client.messages.create(to=to, from_=installation.shop, body="gone")
    await_value(lambda: client.messages(made.sid).fetch().status, "delivered")
    assert client.messages(made.sid).delete() is True
    with pytest.raises(TwilioRestException) as refused:
        client.messages(made.sid).fetch()
    assert (refused.value.status, refused.value.code) == (404, 20404)
    assert client.messages.list(to=to) == []


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"to": "+49", "body": "hi"}, 21211),
        ({"from_": "+12025550199", "body": "hi"}, 21606),
        ({"body": "x" * 1601}, 21617),
        ({}, 21602),
    ],
)
def test_a_refusal_has_twilios_code(installation: Any, client: Client, fields: dict[str, str], code: int) -> None:
    with pytest.raises(TwilioRestException) as refused:
        client.messages.create(**{"to": "+4917139299", "from_": installation.shop, **fields})
    assert (refused.value.status, refused.value.code) == (400, code)


def test_a_wrong_token_is_refused(installation: Any) -> None:
    with pytest.raises(TwilioRestException) as refused:
        installation.client(password="f" * 32).messages("SM" + "0" * 32).fetch()
    assert (refused.value.status, refused.value.code) == (401, 20003)


def test_a_number_is_found_bought_configured_and_released(client: Client) -> None:
    offered = client.available_phone_numbers("US").local.list(area_code=512, limit=3)
    assert len(offered) == 3
    number = offered[0].phone_number
    bought = client.incoming_phone_numbers.create(phone_number=number, sms_url="https://shop.example/sms")
    assert (bought.phone_number, bought.sms_url, bought.sms_method) == (number, "https://shop.example/sms", "POST")
    assert bought.capabilities["sms"] is True
    assert number in [each.phone_number for each in client.incoming_phone_numbers.list()]
    assert [each.sid for each in client.incoming_phone_numbers.list(phone_number=number)] == [bought.sid]
    changed = client.incoming_phone_numbers(bought.sid).update(friendly_name="Front desk", sms_method="GET")
    assert (changed.friendly_name, changed.sms_method) == ("Front desk", "GET")
    assert client.incoming_phone_numbers(bought.sid).delete() is True
    assert client.incoming_phone_numbers.list(phone_number=number) == []


def test_the_stock_validator_accepts_status_callbacks_in_order(
    installation: Any, client: Client, webhooks: Any
) -> None:
    url = f"{webhooks.url}/status?shop=1"
    made = client.messages.create(to=handset(), from_=installation.shop, body="signed", status_callback=url)
    webhooks.await_one(lambda webhook: webhook.form.get("MessageStatus") == "delivered")
    validator = RequestValidator(installation.auth_token)
    assert [webhook.form["MessageStatus"] for webhook in webhooks.received] == ["sent", "delivered"]
    for webhook in webhooks.received:
        assert webhook.form["MessageSid"] == made.sid
        assert validator.validate(url, webhook.form, webhook.headers["X-Twilio-Signature"])
        assert not validator.validate(url, webhook.form | {"MessageSid": "SM"}, webhook.headers["X-Twilio-Signature"])

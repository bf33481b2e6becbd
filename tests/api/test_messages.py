"""Texts, through the official SDK."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException

from ringfence.domain.message import Content, Direction, Status
from ringfence.domain.sealing.content import seal_content_with
from ringfence.ports.store import Lease, MessageRow, Outcome

CUSTOMER = "+12025550177"
STATUSES = {"queued", "sending", "sent", "failed", "delivered", "undelivered", "received", "scheduled", "canceled"}


def refusal(call: Any, *args: Any, **options: Any) -> TwilioRestException:
    with pytest.raises(TwilioRestException) as refused:
        call(*args, **options)
    return refused.value


def settle(tenant: Any, sid: str, status: Status, **fields: Any) -> None:
    """What a carrier's outcome does to a text."""
    parts = tenant.installation
    outcome = Outcome(account=tenant.sid, sid=sid, status=status, at_ms=parts.clock.now_ms(), **fields)
    assert parts.run(parts.store.acknowledge(None, [outcome])) == [True]


def deliver(tenant: Any, sid: str) -> None:
    settle(tenant, sid, Status.SENT, price_micros=7900)
    settle(tenant, sid, Status.DELIVERED)


def receive(tenant: Any, number: str, body: str, remote: str = CUSTOMER) -> str:
    """A text from a handset, written down as the dispatcher does."""
    parts = tenant.installation
    now_ms = parts.clock.now_ms()
    sid = f"SM{now_ms:012x}{0:020x}"
    key = parts.run(parts.keys.seal_record(tenant.sid, sid, remote))
    row = MessageRow(
        account=tenant.sid,
        sid=sid,
        direction=Direction.INBOUND,
        status=Status.RECEIVED,
        local=number,
        remote_index=key.index,
        remote_region="US",
        epoch=key.epoch,
        content=seal_content_with(key.key, tenant.sid, sid, Content(remote=remote, body=body)),
        num_segments=1,
        created_ms=now_ms,
        updated_ms=now_ms,
        sent_ms=now_ms,
    )
    assert parts.run(parts.store.accept(row))
    return sid


def test_a_text_is_accepted_and_reads_back(tenant: Any) -> None:
    number = tenant.number()
    rings = tenant.installation.bell.rings
    sent = tenant.text("Schöne Grüße", sender=number)
    assert sent.sid.startswith("SM")
    assert sent.status == "queued"
    assert sent.body == "Schöne Grüße"
    assert (sent.to, sent.from_) == (CUSTOMER, number)
    assert sent.direction == "outbound-api"
    assert (sent.num_segments, sent.num_media) == ("1", "0")
    assert (sent.price, sent.price_unit) == (None, "USD")
    assert (sent.error_code, sent.error_message) == (None, None)
    assert sent.date_sent is None
    assert abs(sent.date_created - datetime.now(UTC)) < timedelta(seconds=5)
    assert sent.account_sid == tenant.sid
    assert sent.api_version == "2010-04-01"
    assert sent.uri == f"{tenant.base}/Messages/{sent.sid}.json"
    assert sent.subresource_uris == {"media": f"{tenant.base}/Messages/{sent.sid}/Media.json"}
    assert tenant.installation.bell.rings > rings

    read = tenant.client().messages(sent.sid).fetch()
    assert read.__dict__.keys() == sent.__dict__.keys()
    assert (read.body, read.to, read.from_, read.status) == (sent.body, sent.to, sent.from_, sent.status)


def test_media_make_it_an_mms(tenant: Any) -> None:
    sent = tenant.text("Look", media_url=["https://a.example/1.png", "https://a.example/2.png"])
    assert sent.sid.startswith("MM")
    assert sent.num_media == "2"


def test_a_delivered_text_shows_its_price_and_times(tenant: Any) -> None:
    sid = tenant.text().sid
    deliver(tenant, sid)
    read = tenant.client().messages(sid).fetch()
    assert read.status == "delivered"
    assert read.price == "-0.00790"
    assert read.date_sent is not None


def test_a_failed_text_says_why(tenant: Any) -> None:
    sid = tenant.text().sid
    settle(tenant, sid, Status.FAILED, error_code=30003)
    read = tenant.client().messages(sid).fetch()
    assert (read.status, read.error_code) == ("failed", 30003)
    assert read.error_message == "Unreachable destination handset"


def test_an_inbound_text_is_from_the_customer(tenant: Any) -> None:
    number = tenant.number()
    sid = receive(tenant, number, "C")
    read = tenant.client().messages(sid).fetch()
    assert (read.direction, read.status, read.body) == ("inbound", "received", "C")
    assert (read.from_, read.to) == (CUSTOMER, number)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"To": ""}, 21604),
        ({"From": ""}, 21603),
        ({"Body": ""}, 21602),
        ({"Body": "x" * 1601}, 21617),
        ({"To": "12"}, 21211),
        ({"To": "+1"}, 21211),
        ({"To": "+99999999999999999999"}, 21211),
        ({"From": "+12025559999"}, 21606),
        ({"From": "+15005550001"}, 21212),
        ({"To": "+15005550001"}, 21211),
        ({"To": "+15005550009"}, 21614),
        ({"StatusCallback": "not a url"}, 21609),
        ({"StatusCallback": "http://under_score.example/"}, 21609),
        ({"MediaUrl": "ftp://a.example/"}, 21620),
        ({"ValidityPeriod": "soon"}, 21624),
        ({"ValidityPeriod": "0"}, None),
        ({"SendAt": "2030-01-01T00:00:00Z"}, 35112),
        ({"ScheduleType": "fixed"}, 35111),
        ({"ScheduleType": "never", "SendAt": "2030-01-01T00:00:00Z"}, 35113),
        ({"MessagingServiceSid": "MG" + "0" * 32}, 21701),
        ({"Attempt": "many"}, 20001),
        ({"RiskCheck": "maybe"}, 20001),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_wrong_parameter_is_refused_with_twilios_code(tenant: Any, fields: dict[str, str], code: int | None) -> None:
    form = {"To": CUSTOMER, "From": tenant.number(), "Body": "hello"} | fields
    form = {name: value for name, value in form.items() if value}
    answer = tenant.ask("POST", "/Messages.json", data=form)
    refused = answer.json()
    assert answer.status_code == 400, refused
    assert code is None or refused["code"] == code
    assert refused["status"] == 400
    assert refused["more_info"] == f"https://www.twilio.com/docs/errors/{refused['code']}"
    assert set(refused) == {"code", "message", "more_info", "status"}
    assert tenant.client().messages.list() == []


@pytest.mark.parametrize(
    "name",
    [
        "ContentSid",
        "ApplicationSid",
        "PersistentAction",
        "SendAsMms",
        "ShortenUrls",
        "ProvideFeedback",
        "ContentRetention",
        "AddressRetention",
    ],
)
def test_what_is_not_there_yet_is_refused_and_not_ignored(tenant: Any, name: str) -> None:
    value = {"ContentRetention": "discard", "AddressRetention": "obfuscate"}.get(name, "true")
    form = {"To": CUSTOMER, "From": tenant.number(), "Body": "hello", name: value}
    answer = tenant.ask("POST", "/Messages.json", data=form)
    assert (answer.status_code, answer.json()["code"]) == (501, 20501)
    assert name in answer.json()["message"]


def test_the_sdk_raises_twilios_code(tenant: Any) -> None:
    refused = refusal(tenant.client().messages.create, to=CUSTOMER, from_="+12025559999", body="hello")
    assert (refused.status, refused.code) == (400, 21606)


def test_a_scheduled_text_waits_and_can_be_called_off(tenant: Any) -> None:
    at = datetime.now(UTC) + timedelta(hours=1)
    refused = refusal(tenant.text, send_at=at, schedule_type="fixed")
    assert (refused.status, refused.code) == (400, 35118)
    sent = tenant.text(send_at=at, schedule_type="fixed", messaging_service_sid=tenant.service(), from_=None)
    assert sent.status == "scheduled"
    canceled = tenant.client().messages(sent.sid).update(status="canceled")
    assert canceled.status == "canceled"
    assert tenant.client().messages(sent.sid).fetch().status == "canceled"
    assert refusal(tenant.client().messages(sent.sid).update, status="canceled").code == 30409


def test_a_queued_text_cannot_be_called_off(tenant: Any) -> None:
    refused = refusal(tenant.client().messages(tenant.text().sid).update, status="canceled")
    assert (refused.status, refused.code) == (409, 30409)


def test_redaction_takes_the_words_and_nothing_else(tenant: Any) -> None:
    sid = tenant.text("a secret").sid
    deliver(tenant, sid)
    redacted = tenant.client().messages(sid).update(body="")
    assert (redacted.body, redacted.to, redacted.status) == ("", CUSTOMER, "delivered")
    assert tenant.client().messages(sid).fetch().body == ""
    assert [text.body for text in tenant.client().messages.list()] == [""]


def test_other_words_cannot_be_put_in(tenant: Any) -> None:
    sid = tenant.text().sid
    deliver(tenant, sid)
    assert refusal(tenant.client().messages(sid).update, body="other").status == 400


def test_a_text_in_flight_is_neither_redacted_nor_deleted(tenant: Any) -> None:
    sid = tenant.text().sid
    assert refusal(tenant.client().messages(sid).update, body="").status == 409
    assert refusal(tenant.client().messages(sid).delete).status == 409


def test_a_deleted_text_is_gone(tenant: Any) -> None:
    sid = tenant.text().sid
    deliver(tenant, sid)
    assert tenant.client().messages(sid).delete() is True
    assert refusal(tenant.client().messages(sid).fetch).code == 20404
    assert refusal(tenant.client().messages(sid).delete).status == 404
    assert tenant.client().messages.list() == []


def test_lists_are_newest_first_and_stream_across_pages(tenant: Any) -> None:
    number = tenant.number()
    made = []
    for n in range(7):
        made.append(tenant.text(f"text {n}", sender=number).sid)
        time.sleep(0.002)
    client = tenant.client()
    assert [text.sid for text in client.messages.list()] == made[::-1]
    assert [text.sid for text in client.messages.stream(page_size=3)] == made[::-1]
    assert [text.sid for text in client.messages.list(limit=4, page_size=3)] == made[:2:-1]
    first = client.messages.page(page_size=3)
    second = first.next_page()
    assert second is not None
    assert [text.sid for text in second] == made[::-1][3:6]
    back = second.previous_page()
    assert back is not None
    assert [text.sid for text in back] == made[::-1][:3]
    third = second.next_page()
    assert third is not None
    again = third.previous_page()
    assert again is not None
    assert [text.sid for text in again] == made[::-1][3:6]


def test_filters_by_number(tenant: Any) -> None:
    one, two = tenant.number(), tenant.number()
    other = "+12025550178"
    a = tenant.text("a", sender=one).sid
    b = tenant.text("b", sender=two).sid
    c = tenant.text("c", sender=one, to=other).sid
    d = receive(tenant, one, "d")
    messages = tenant.client().messages

    def sids(**filters: str) -> set[str]:
        return {text.sid for text in messages.list(**filters)}

    assert sids(to=CUSTOMER) == {a, b}
    assert sids(from_=one) == {a, c}
    assert sids(to=CUSTOMER, from_=one) == {a}
    assert sids(to=one) == {d}
    assert sids(from_=CUSTOMER) == {d}
    assert sids(to="(202) 555-0178") == {c}
    assert sids(to="+12025550179") == sids(to="nonsense") == set()


def test_filters_by_date(tenant: Any) -> None:
    sid = tenant.text().sid
    now = datetime.now(UTC)
    today, tomorrow, yesterday = (now + timedelta(days=n) for n in (0, 1, -1))
    messages = tenant.client().messages

    def found(**filters: Any) -> bool:
        return [text.sid for text in messages.list(**filters)] == [sid]

    assert found(date_sent=today)
    assert not found(date_sent=tomorrow)
    assert found(date_sent_before=tomorrow)
    assert not found(date_sent_before=yesterday)
    assert found(date_sent_after=yesterday)
    assert not found(date_sent_after=tomorrow)
    day = now.strftime("%Y-%m-%d")
    for query in (
        f"DateSent={day}",
        f"DateSent<={day}",
        f"DateSent>={day}",
        f"DateSent%3C={day}",
        f"DateSent%3E={day}",
    ):
        listed = tenant.ask("GET", f"/Messages.json?{query}").json()["messages"]
        assert [text["sid"] for text in listed] == [sid], query
    assert tenant.ask("GET", "/Messages.json?DateSent=yesterday").json()["code"] == 20001


def test_a_lease_ends_nothing_of_the_api(tenant: Any) -> None:
    parts = tenant.installation
    number = tenant.number()
    sid = tenant.text(sender=number).sid
    leases: list[Lease] = parts.run(parts.store.lease("me", "simulator", parts.clock.now_ms(), 1000, 100))
    assert number in {lease.sender for lease in leases}
    assert tenant.client().messages(sid).fetch().status in STATUSES

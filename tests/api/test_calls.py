"""Calls, through the official SDK."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException

from ringfence.domain.call import Order, Status
from ringfence.domain.sealing.call import open_call_with, open_order_with
from ringfence.ports.calls import CallChange

CUSTOMER = "+12025550177"
URL = "https://shop.example/voice"


def refusal(call: Any, *args: Any, **options: Any) -> TwilioRestException:
    with pytest.raises(TwilioRestException) as refused:
        call(*args, **options)
    return refused.value


def made(tenant: Any, **fields: Any) -> Any:
    fields.setdefault("to", CUSTOMER)
    fields.setdefault("from_", None)
    fields["from_"] = fields["from_"] or tenant.number()
    if "twiml" not in fields:
        fields.setdefault("url", URL)
    return tenant.client().calls.create(**fields)


def move(tenant: Any, sid: str, status: Status, **more: Any) -> None:
    parts = tenant.installation
    change = CallChange(status=status, at_ms=parts.clock.now_ms(), **more)
    assert parts.run(parts.store.move_call(tenant.sid, sid, change)) is not None


def taken(tenant: Any, owner: str = "voice") -> None:
    """A voice process takes all calls that wait."""
    parts = tenant.installation
    parts.run(parts.store.take_calls(owner, parts.clock.now_ms(), 60_000, 1_000))


def sealed_content(tenant: Any, sid: str) -> Any:
    parts = tenant.installation
    row = parts.run(parts.store.call(tenant.sid, sid))
    key = parts.run(parts.keys.open_records(tenant.sid, [(row.epoch, sid)]))[0]
    return open_call_with(key, tenant.sid, sid, row.content)


def test_a_call_is_accepted_and_reads_back(tenant: Any) -> None:
    number = tenant.number()
    rings = tenant.installation.bell.rings
    call = made(tenant, from_=number, url=URL, status_callback="https://shop.example/s")
    assert tenant.installation.bell.rings == rings + 1
    assert call.sid.startswith("CA")
    for shown in (call, tenant.client().calls(call.sid).fetch()):
        assert (shown.to, shown._from, shown.status, shown.direction) == (CUSTOMER, number, "queued", "outbound-api")
        assert (shown.to_formatted, shown.api_version) == ("(202) 555-0177", "2010-04-01")
        assert shown.start_time is shown.end_time is shown.duration is shown.price is None
        assert shown.subresource_uris["recordings"].endswith(f"/Calls/{call.sid}/Recordings.json")
    assert tenant.client().incoming_phone_numbers(call.phone_number_sid).fetch().phone_number == number


def test_what_the_voice_process_reads_is_what_was_asked_for(tenant: Any) -> None:
    call = made(
        tenant,
        twiml="<Response/>",
        fallback_url="https://shop.example/f",
        fallback_method="GET",
        status_callback="https://shop.example/s",
        status_callback_event=["initiated", "completed"],
        status_callback_method="GET",
        send_digits="1w2",
        timeout=30,
        time_limit=600,
        record=True,
        recording_channels="dual",
        recording_status_callback="https://shop.example/r",
        trim="trim-silence",
        sip_auth_username="u",
        sip_auth_password="p",
    )
    content = sealed_content(tenant, call.sid)
    assert (content.twiml, content.url) == ("<Response/>", "")
    assert (content.fallback_url, content.fallback_method) == ("https://shop.example/f", "GET")
    assert content.status_events == ("initiated", "completed")
    assert (content.send_digits, content.timeout_s, content.time_limit_s) == ("1w2", 30, 600)
    assert (content.record, content.recording_channels, content.trim) == (True, "dual", True)
    assert (content.sip_username, content.sip_password) == ("u", "p")


def test_a_url_counts_before_twiml(tenant: Any) -> None:
    content = sealed_content(tenant, made(tenant, url=URL, twiml="<Response/>").sid)
    assert (content.url, content.twiml) == (URL, "")


def test_silence_around_a_recording_is_trimmed_unless_the_program_forbids_it(tenant: Any) -> None:
    assert sealed_content(tenant, made(tenant, record=True).sid).trim is True
    assert sealed_content(tenant, made(tenant, record=True, trim="do-not-trim").sid).trim is False


def test_events_may_come_in_one_value(tenant: Any) -> None:
    call = made(
        tenant,
        status_callback="https://shop.example/s",
        status_callback_event=["initiated, ringing answered"],
        recording_status_callback_event=["in-progress absent"],
    )
    content = sealed_content(tenant, call.sid)
    assert content.status_events == ("initiated", "ringing", "answered")
    assert content.recording_events == ("in-progress", "absent")


def test_where_digits_are_sent_nobody_is_listened_for(tenant: Any) -> None:
    assert made(tenant, send_digits="1", machine_detection="Enable", async_amd="true").status == "queued"


def test_what_means_nothing_for_this_call_is_no_hindrance(tenant: Any) -> None:
    number = tenant.number()
    assert made(tenant, from_=number, caller_id=number, async_amd="false").status == "queued"
    assert made(tenant, to="client:amy", byoc="BY" + "0" * 32).status == "queued"


def test_a_refused_document_names_the_place(tenant: Any) -> None:
    refused = refusal(made, tenant, twiml="<Response>\n  <Say>A & B</Say></Response>", url=None)
    assert (refused.status, refused.code) == (400, 12100)
    assert "line 2, column 11" in refused.msg


def test_initiated_is_told_first_where_it_was_asked_for(tenant: Any) -> None:
    call = made(tenant, status_callback="https://shop.example/s", status_callback_event=["initiated", "answered"])
    parts = tenant.installation
    (event,) = parts.run(parts.store.events(tenant.sid, call.sid))
    assert (event.kind, event.sequence) == ("call.initiated", 0)


@pytest.mark.parametrize("to", ["client:amy", "sip:amy@pbx.example"])
def test_a_client_or_a_sip_address_may_be_called(tenant: Any, to: str) -> None:
    assert made(tenant, to=to).to == to
    assert tenant.client().calls.create(to=to, from_="desk", url=URL)._from == "desk"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"to": ""}, 21201),
        ({"to": "12"}, 21211),
        ({"to": "client:"}, 21211),
        ({"to": "+15005550001"}, 21217),
        ({"to": "+15005550002"}, 21214),
        ({"to": "+15005550003"}, 21215),
        ({"to": "+15005550004"}, 21216),
        ({"from_": "+12025550000"}, 21210),
        ({"from_": "+15005550001"}, 21212),
        ({"from_": "nobody"}, 21212),
        ({"url": ""}, 21205),
        ({"url": "ftp://x.example"}, 21205),
        ({"fallback_url": "nowhere"}, 21205),
        ({"method": "PUT"}, 21209),
        ({"timeout": 0}, 21208),
        ({"timeout": 601}, 21208),
        ({"send_digits": "hello"}, 21206),
        ({"time_limit": 0}, 20001),
        ({"twiml": "x" * 4_001, "url": None}, 20001),
        ({"twiml": "not xml", "url": None}, 12100),
        ({"twiml": "<Response><Say>Hi</Response>", "url": None}, 12100),
        ({"twiml": "<Say>Hi</Say>", "url": None}, 12102),
        ({"status_callback_event": ["nope"]}, 21626),
        ({"status_callback_event": ["initiated ringing, done"]}, 21626),
        ({"recording_status_callback_event": ["done"]}, 20001),
        ({"sip_auth_username": "u" * 256, "sip_auth_password": "p"}, 21221),
        ({"sip_auth_username": "u", "sip_auth_password": "p" * 256}, 21223),
        ({"sip_auth_username": "u"}, 21225),
        ({"machine_detection": "Enable"}, 20501),
        ({"machine_detection_timeout": 30}, 20501),
        ({"machine_detection_speech_threshold": 2_000}, 20501),
        ({"machine_detection_speech_end_threshold": 1_000}, 20501),
        ({"machine_detection_silence_timeout": 3_000}, 20501),
        ({"async_amd": "true"}, 20501),
        ({"async_amd_status_callback": "https://shop.example/amd"}, 20501),
        ({"async_amd_status_callback_method": "GET"}, 20501),
        ({"byoc": "BY" + "0" * 32}, 20501),
        ({"call_reason": "Your parcel"}, 20501),
        ({"call_token": "token"}, 20501),
        ({"client_notification_url": "https://shop.example/push"}, 20501),
        ({"caller_id": "+12025550199"}, 20501),
        ({"application_sid": "AP" + "0" * 32, "url": None}, 21218),
    ],
)
def test_what_cannot_be_is_refused_with_twilios_code(tenant: Any, fields: dict[str, Any], code: int) -> None:
    given = {"to": CUSTOMER, "url": URL} | fields
    given["from_"] = given.get("from_") or tenant.number()
    assert refusal(tenant.client().calls.create, **{k: v for k, v in given.items() if v is not None}).code == code


def test_a_refusal_says_what_mends_it(tenant: Any) -> None:
    create, number = tenant.client().calls.create, tenant.number()
    assert "one of Url, Twiml and ApplicationSid" in refusal(create, to=CUSTOMER, from_=number).msg
    silent = tenant.client().applications.create().sid
    refused = refusal(create, to=CUSTOMER, from_=number, application_sid=silent)
    assert (refused.code, "no VoiceUrl" in refused.msg) == (21205, True)
    refused = refusal(create, to=CUSTOMER, from_="+12025550000", url=URL)
    assert (refused.code, "+12025550000" in refused.msg) == (21210, True)
    abroad = refusal(create, to="+442079460000", from_=number, url=URL)
    assert (abroad.code, "ordinary numbers in GB" in abroad.msg) == (21215, True)
    assert "DialingPermissions" in abroad.msg
    assert "call_countries" in abroad.msg
    assert "special-rate numbers in US" in refusal(create, to="+19005551234", from_=number, url=URL).msg
    assert "of no country" in refusal(create, to="+88213123456", from_=number, url=URL).msg


def test_a_call_needs_a_caller(tenant: Any) -> None:
    answer = tenant.ask("POST", "/Calls.json", data={"To": CUSTOMER, "Url": URL})
    assert answer.json()["code"] == 21213


def test_the_magic_sender_may_call(tenant: Any) -> None:
    assert made(tenant, from_="+15005550006").status == "queued"


def test_an_ended_call_shows_times_duration_and_price(tenant: Any) -> None:
    call = made(tenant)
    taken(tenant)
    now_ms = tenant.installation.clock.now_ms()
    for status, at_ms in ((Status.RINGING, now_ms), (Status.IN_PROGRESS, now_ms + 1_000)):
        parts = tenant.installation
        parts.run(parts.store.move_call(tenant.sid, call.sid, CallChange(status=status, at_ms=at_ms)))
    change = CallChange(status=Status.COMPLETED, at_ms=now_ms + 63_500, price_micros=28_000)
    parts.run(parts.store.move_call(tenant.sid, call.sid, change))
    shown = tenant.client().calls(call.sid).fetch()
    assert (shown.status, shown.duration, shown.price, shown.price_unit) == ("completed", "63", "-0.02800", "USD")
    assert shown.end_time - shown.start_time == timedelta(seconds=62) or shown.end_time > shown.start_time


def test_lists_filter_by_both_ends_status_and_time(tenant: Any) -> None:
    number, other = tenant.number(), tenant.number()
    first = made(tenant, from_=number)
    second = made(tenant, from_=other, to="client:amy")
    client = tenant.client()

    def found(**filters: Any) -> list[str]:
        return [call.sid for call in client.calls.list(**filters)]

    assert found() == [second.sid, first.sid]
    assert found(to=CUSTOMER) == [first.sid]
    assert found(to="client:amy") == [second.sid]
    assert found(from_=other) == [second.sid]
    move(tenant, first.sid, Status.CANCELED)
    assert found(status="canceled") == [first.sid]
    assert found(status="queued") == [second.sid]
    today = datetime.now(UTC)
    assert found(start_time_after=today - timedelta(days=1)) == [second.sid, first.sid]
    assert found(start_time_before=today - timedelta(days=2)) == []
    assert found(end_time_after=today - timedelta(days=1)) == [first.sid]
    assert found(parent_call_sid="CA" + "0" * 32) == []
    assert tenant.ask("GET", "/Calls.json?Status=sleeping").json()["code"] == 20001


def test_lists_have_pages(tenant: Any) -> None:
    number = tenant.number()
    sids = [made(tenant, from_=number).sid for _ in range(3)]
    assert [call.sid for call in tenant.client().calls.list(page_size=2)] == sids[::-1]


def test_a_waiting_call_is_called_off_at_once(tenant: Any) -> None:
    call = made(tenant, status_callback="https://shop.example/s")
    assert call.update(status="canceled").status == "canceled"
    parts = tenant.installation
    assert [event.kind for event in parts.run(parts.store.events(tenant.sid, call.sid))] == ["call.canceled"]


def test_a_call_that_a_process_runs_is_ended_by_an_order(tenant: Any) -> None:
    call = made(tenant)
    taken(tenant)
    move(tenant, call.sid, Status.IN_PROGRESS)
    assert refusal(call.update, status="canceled").code == 21220
    assert call.update(status="completed").status == "in-progress"
    parts = tenant.installation
    (order,) = [order for order in parts.run(parts.store.take_orders("voice")) if order.call_sid == call.sid]
    assert order.kind == "end"


def test_a_live_call_is_given_another_document(tenant: Any) -> None:
    call = made(tenant)
    taken(tenant)
    assert refusal(call.update, url=URL).code == 21220
    move(tenant, call.sid, Status.IN_PROGRESS)
    call.update(url="https://shop.example/other", method="GET", fallback_url="https://shop.example/f")
    parts = tenant.installation
    (order,) = [order for order in parts.run(parts.store.take_orders("voice")) if order.call_sid == call.sid]
    row = parts.run(parts.store.call(tenant.sid, call.sid))
    key = parts.run(parts.keys.open_records(tenant.sid, [(row.epoch, call.sid)]))[0]
    assert open_order_with(key, tenant.sid, call.sid, order.content) == Order(
        url="https://shop.example/other", method="GET", fallback_url="https://shop.example/f"
    )


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"twiml": "not xml"}, 12100),
        ({"twiml": "<Message/>"}, 12102),
        ({"twiml": f"<Response><Say>{'x' * 4_000}</Say></Response>"}, 20001),
        ({"twiml": "<Response/>", "url": URL}, 20001),
        ({"url": "ftp://shop.example"}, 21205),
        ({"method": "PUT"}, 21209),
        ({"fallback_url": "nowhere"}, 21205),
        ({"status_callback": "nowhere"}, 21609),
        ({"time_limit": 0}, 20001),
        ({"status": "ringing"}, 20001),
    ],
)
def test_a_change_that_cannot_be_is_refused_and_leaves_no_order(tenant: Any, fields: dict[str, Any], code: int) -> None:
    call = made(tenant)
    taken(tenant)
    move(tenant, call.sid, Status.IN_PROGRESS)
    assert refusal(call.update, **fields).code == code
    parts = tenant.installation
    assert [order for order in parts.run(parts.store.take_orders("voice")) if order.call_sid == call.sid] == []


def test_a_call_that_is_over_changes_no_more(tenant: Any) -> None:
    call = made(tenant)
    call.update(status="canceled")
    assert refusal(call.update, url=URL).code == 21220
    assert refusal(call.update, status="canceled").code == 21220
    assert call.update(status="completed").status == "canceled"


def test_only_a_call_that_is_over_is_erased(tenant: Any) -> None:
    call = made(tenant)
    assert refusal(call.delete).code == 20009
    call.update(status="canceled")
    assert call.delete()
    assert refusal(call.fetch).code == 20404
    assert refusal(call.delete).code == 20404


def test_an_account_sees_no_call_of_another(tenant: Any, installation: Any) -> None:
    call = made(tenant)
    stranger = installation.new_tenant()
    assert refusal(stranger.client().calls(call.sid).fetch).code == 20404
    assert refusal(stranger.client().calls(call.sid).update, status="completed").code == 20404
    assert refusal(stranger.client().calls(call.sid).delete).code == 20404


def test_a_voice_number_that_never_was_is_not_found(tenant: Any) -> None:
    assert refusal(tenant.client().calls("CA" + "0" * 32).fetch).code == 20404

"""What went wrong in calls, and what they asked their programs: Notifications and Events, through the official SDK."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from twilio.base.exceptions import TwilioException

from ringfence.domain.attempt import Attempt, Exchange
from ringfence.domain.call_step import StepDetail
from ringfence.domain.sealing.call import seal_step_with
from ringfence.ports.calls import StepRow

URL = "https://shop.example/voice"
EXCHANGE = Exchange(
    at_ms=1_700_000_000_000,
    method="POST",
    url=URL,
    body=b"CallSid=CA1&Digits=%231",
    status=500,
    headers=(("content-type", "text/html"), ("server", "shop")),
    answer=b"<h1>no</h1>",
    total_ms=50.4,
)


def made(tenant: Any) -> str:
    call = tenant.client().calls.create(to="+12025550177", from_=tenant.number(), url=URL)
    return str(call.sid)


def step(tenant: Any, sid: str, kind: str, detail: StepDetail, code: int | None = None, after_ms: int = 0) -> None:
    parts = tenant.installation
    row = parts.run(parts.store.call(tenant.sid, sid))
    (key,) = parts.run(parts.keys.open_records(tenant.sid, [(row.epoch, sid)]))
    sealed = seal_step_with(key, tenant.sid, sid, detail)
    at_ms = row.created_ms + after_ms
    new = StepRow(account=tenant.sid, call_sid=sid, at_ms=at_ms, kind=kind, code=code, detail=sealed)
    parts.run(parts.store.add_steps([new]))


def troubled(tenant: Any) -> str:
    sid = made(tenant)
    failed = StepDetail(text="the program answered with an error", url=URL, attempt=Attempt(exchanges=(EXCHANGE,)))
    step(tenant, sid, "webhook", failed, 11200)
    step(tenant, sid, "warning", StepDetail(text="<Bogus> is not known", line=2, url=URL), 12200, after_ms=1)
    step(tenant, sid, "verb", StepDetail(text="Say"), after_ms=2)
    return sid


def test_what_went_wrong_is_listed_newest_first(tenant: Any) -> None:
    sid = troubled(tenant)
    for found in (tenant.client().notifications.list(), tenant.client().calls(sid).notifications.list(page_size=1)):
        warning, error = found
        assert (error.error_code, error.log, error.call_sid) == ("11200", "0", sid)
        assert (error.request_method, error.request_url) == ("POST", URL)
        assert error.more_info == "https://www.twilio.com/docs/errors/11200"
        assert "ErrorCode=11200" in error.message_text
        assert (warning.error_code, warning.log, warning.request_method) == ("12200", "1", None)
        assert "%3CBogus%3E+is+not+known" in warning.message_text


def test_one_tells_what_was_asked_and_answered(tenant: Any) -> None:
    sid = troubled(tenant)
    (error,) = tenant.client().notifications.list(log=0)
    for whole in (
        tenant.client().notifications(error.sid).fetch(),
        tenant.client().calls(sid).notifications(error.sid).fetch(),
    ):
        assert whole.request_variables == "CallSid=CA1&Digits=%231"
        assert whole.response_body == "<h1>no</h1>"
        assert whole.response_headers == "content-type=text%2Fhtml&server=shop"
    assert [found.log for found in tenant.client().notifications.list(log=1)] == ["1"]


def test_notifications_are_found_by_day(tenant: Any) -> None:
    troubled(tenant)
    today = datetime.now(UTC)
    tomorrow = today + timedelta(days=1)
    notifications = tenant.client().notifications
    assert len(notifications.list(message_date_after=today - timedelta(days=1))) == 2
    assert notifications.list(message_date_after=tomorrow) == []
    assert notifications.list(message_date_before=today - timedelta(days=2)) == []
    assert len(notifications.list(message_date_before=tomorrow)) == 2


def test_what_is_not_there_is_not_found(tenant: Any) -> None:
    sid, other = troubled(tenant), made(tenant)
    (error,) = tenant.client().notifications.list(log=0)
    client = tenant.client()
    for ask in (
        client.notifications("NO" + "0" * 32).fetch,
        client.notifications("XX" + "0" * 32).fetch,
        client.calls(other).notifications(error.sid).fetch,
        client.calls("CA" + "0" * 32).notifications.list,
        client.calls("CA" + "0" * 32).events.list,
        tenant.installation.new_tenant().client().notifications(error.sid).fetch,
        tenant.installation.new_tenant().client().calls(sid).notifications.list,
    ):
        # What a list answers the SDK tells in words alone.
        with pytest.raises(TwilioException, match="404"):
            ask()
    assert tenant.installation.new_tenant().client().notifications.list() == []


def test_the_requests_of_a_call_are_its_events(tenant: Any) -> None:
    sid = made(tenant)
    for n in range(3):
        exchange = Exchange(
            at_ms=EXCHANGE.at_ms - n, method="GET", url=f"{URL}?n={n}", status=200, answer=b"<Response/>"
        )
        step(tenant, sid, "webhook", StepDetail(attempt=Attempt(exchanges=(exchange,))))
    step(tenant, sid, "webhook", StepDetail(attempt=Attempt(exchanges=(EXCHANGE,))), 11200)
    events = tenant.client().calls(sid).events.list(page_size=2)
    assert [event.request["url"] for event in events][:2] == [f"{URL}?n=2", f"{URL}?n=1"]
    assert len(events) == 4
    last = events[-1]
    assert last.request == {"method": "POST", "url": URL, "parameters": {"CallSid": "CA1", "Digits": "#1"}}
    assert last.response == {
        "response_code": 500,
        "request_duration": 50,
        "content_type": "text/html",
        "response_body": "<h1>no</h1>",
        "date_created": "Tue, 14 Nov 2023 22:13:20 +0000",
    }
    assert tenant.client().calls(made(tenant)).events.list() == []

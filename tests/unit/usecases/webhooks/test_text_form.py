"""Field for field what a stock program is sent."""

from typing import Any

import pytest

from ringfence.domain.message import Content, Direction, Status
from ringfence.ports.store import EventRow, MessageRow
from ringfence.usecases.webhooks.text_form import inbound_form, status_form

SID = "SM" + "1" * 32
ACCOUNT = "AC" + "a" * 32
AT_MS = 1_692_853_501_999  # Thu, 24 Aug 2023 05:05:01.999 UTC


def row(**fields: Any) -> MessageRow:
    values: dict[str, Any] = {
        "account": ACCOUNT,
        "sid": SID,
        "direction": Direction.OUTBOUND_API,
        "status": Status.SENT,
        "local": "+12025550123",
        "remote_index": b"",
        "remote_region": "CA",
        "epoch": 1,
        "content": b"x",
        "num_segments": 3,
        "created_ms": 0,
        "updated_ms": 0,
    }
    return MessageRow(**(values | fields))


def event(kind: str, **fields: Any) -> EventRow:
    values: dict[str, Any] = {"sequence": 4, "at_ms": AT_MS, "due_ms": 0}
    return EventRow(id=1, account=ACCOUNT, message_sid=SID, kind=kind, **(values | fields))


CONTENT = Content(remote="+14165550177", body="Ünï & co", status_callback="http://h/")


def test_a_status_callback() -> None:
    assert dict(status_form(row(), CONTENT, event("message.sent"))) == {
        "ApiVersion": "2010-04-01",
        "AccountSid": ACCOUNT,
        "MessageSid": SID,
        "MessageStatus": "sent",
        "SmsSid": SID,
        "SmsStatus": "sent",
        "From": "+12025550123",
        "To": "+14165550177",
        "SequenceNumber": "4",
        "Timestamp": "Thu, 24 Aug 2023 05:05:01 +0000",
    }


@pytest.mark.parametrize(("status", "shown"), [("delivered", True), ("undelivered", True), ("failed", False)])
def test_a_receipt_s_time(status: str, shown: bool) -> None:
    form = dict(status_form(row(), CONTENT, event(f"message.{status}")))
    assert form.get("RawDlrDoneDate") == ("2308240505" if shown else None)


def test_an_error_is_named() -> None:
    form = dict(status_form(row(), CONTENT, event("message.undelivered", error_code=30003)))
    assert form["ErrorCode"] == "30003"
    assert form["ErrorMessage"] == "Unreachable destination handset"


def test_a_messaging_service_is_named() -> None:
    service = "MG" + "2" * 32
    for form in (
        status_form(row(messaging_service_sid=service), CONTENT, event("message.sent")),
        inbound_form(row(messaging_service_sid=service), CONTENT, event("message.received"), "US"),
    ):
        assert dict(form)["MessagingServiceSid"] == service


def test_an_inbound_text() -> None:
    form = inbound_form(row(direction=Direction.INBOUND), CONTENT, event("message.received"), "US")
    assert len(dict(form)) == len(form)
    assert dict(form) == {
        "ToCountry": "US",
        "ToState": "",
        "ToCity": "",
        "ToZip": "",
        "FromCountry": "CA",
        "FromState": "",
        "FromCity": "",
        "FromZip": "",
        "SmsMessageSid": SID,
        "MessageSid": SID,
        "SmsSid": SID,
        "AccountSid": ACCOUNT,
        "SmsStatus": "received",
        "From": "+14165550177",
        "To": "+12025550123",
        "Body": "Ünï & co",
        "NumSegments": "3",
        "NumMedia": "0",
        "ApiVersion": "2010-04-01",
        "SequenceNumber": "4",
        "Timestamp": "Thu, 24 Aug 2023 05:05:01 +0000",
    }


def test_media_and_opt_outs() -> None:
    content = Content(remote="+1", body="", media_urls=("http://elsewhere/0", "http://elsewhere/1"))
    media = [("image/png", "http://m/0"), ("audio/ogg", "http://m/1")]
    form = dict(inbound_form(row(), content, event("message.received", raw="STOP"), "US", media))
    assert (form["NumMedia"], form["MediaUrl0"], form["MediaUrl1"]) == ("2", "http://m/0", "http://m/1")
    assert (form["MediaContentType0"], form["MediaContentType1"]) == ("image/png", "audio/ogg")
    assert form["OptOutType"] == "STOP"

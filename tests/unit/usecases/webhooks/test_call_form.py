"""Field for field what a stock program is told of a call and of its recordings."""

from typing import Any

import pytest
from msgspec.structs import replace

from ringfence.domain.call import Content, Direction, Status
from ringfence.ports.calls import CallRow, RecordingRow
from ringfence.ports.outbox import EventRow
from ringfence.usecases.webhooks.call_form import event_of, progress_form, recording_form

SID, RECORDING_SID = "CA" + "1" * 32, "RE" + "2" * 32
ACCOUNT = "AC" + "a" * 32
AT_MS = 1_692_853_501_999  # Thu, 24 Aug 2023 05:05:01.999 UTC
URL = "https://calls.example/recording"
CONTENT = Content(to="+14165550177", sender="+12025550123")

ROW = CallRow(
    account=ACCOUNT,
    sid=SID,
    direction=Direction.OUTBOUND_API,
    status=Status.COMPLETED,
    local="+12025550123",
    remote_index=b"",
    remote_region="CA",
    epoch=1,
    content=b"x",
    created_ms=AT_MS - 90_000,
    updated_ms=AT_MS,
    answered_ms=AT_MS - 61_500,
    ended_ms=AT_MS,
    sip_status=200,
)
RECORDING = RecordingRow(
    account=ACCOUNT,
    sid=RECORDING_SID,
    call_sid=SID,
    status="completed",
    channels=2,
    source="OutboundAPI",
    epoch=1,
    started_ms=AT_MS - 60_000,
    duration_ms=59_001,
    created_ms=AT_MS,
    updated_ms=AT_MS,
    content=b"x",
)


def event(kind: str, **fields: Any) -> EventRow:
    values: dict[str, Any] = {"sequence": 3, "at_ms": AT_MS, "due_ms": 0}
    return EventRow(id=1, account=ACCOUNT, message_sid=SID, kind=kind, **(values | fields))


def told(kind: str, row: CallRow = ROW, content: Content = CONTENT, **more: Any) -> dict[str, str]:
    form = progress_form(row, content, event(kind), **more)
    assert len(dict(form)) == len(form)
    return dict(form)


PLACES = {f"{end}{part}": "" for end in ("To", "Called", "From", "Caller") for part in ("City", "State", "Zip")}
EVERY = {
    "CallSid": SID,
    "AccountSid": ACCOUNT,
    "ApiVersion": "2010-04-01",
    "Direction": "outbound-api",
    "To": "+14165550177",
    "Called": "+14165550177",
    "From": "+12025550123",
    "Caller": "+12025550123",
    "ToCountry": "CA",
    "CalledCountry": "CA",
    "FromCountry": "US",
    "CallerCountry": "US",
    **PLACES,
    "Timestamp": "Thu, 24 Aug 2023 05:05:01 +0000",
    "CallbackSource": "call-progress-events",
    "SequenceNumber": "3",
}


@pytest.mark.parametrize(
    ("kind", "status"), [("initiated", "initiated"), ("ringing", "ringing"), ("answered", "in-progress")]
)
def test_a_call_under_way(kind: str, status: str) -> None:
    assert told(f"call.{kind}") == {**EVERY, "CallStatus": status}


def test_a_call_that_is_over_has_a_length() -> None:
    assert told("call.completed") == {
        **EVERY,
        "CallStatus": "completed",
        "CallDuration": "62",
        "Duration": "2",
        "SipResponseCode": "200",
    }


@pytest.mark.parametrize("status", ["busy", "failed", "no-answer", "canceled"])
def test_a_call_that_nobody_answered_has_none(status: str) -> None:
    row = replace(ROW, status=Status(status), answered_ms=None, sip_status=None)
    assert told(f"call.{status}", row) == {**EVERY, "CallStatus": status, "CallDuration": "0", "Duration": "0"}


def test_a_child_tells_its_parent_and_who_is_no_number_has_no_place() -> None:
    row = replace(ROW, direction=Direction.OUTBOUND_DIAL, parent_sid="CA" + "9" * 32)
    form = told("call.ringing", row, Content(to="client:ann", sender="+12025550123"))
    assert (form["ParentCallSid"], form["Direction"], form["To"]) == ("CA" + "9" * 32, "outbound-dial", "client:ann")
    assert form["Called"] == "client:ann"
    assert "ToCountry" not in form
    assert form["FromCountry"] == "US"


def test_the_recording_of_the_whole_call() -> None:
    form = told("call.completed", recording=RECORDING, url=URL)
    assert form["RecordingUrl"] == URL
    assert (form["RecordingSid"], form["RecordingDuration"]) == (RECORDING_SID, "60")


def test_a_recording_that_is_not_over_has_no_length() -> None:
    form = told("call.completed", recording=replace(RECORDING, status="in-progress", duration_ms=None), url=URL)
    assert form["RecordingSid"] == RECORDING_SID
    assert "RecordingDuration" not in form


def test_what_was_asked_for_is_called_by_its_event() -> None:
    names = {status.value: event_of(event(f"call.{status}")) for status in Status}
    assert names["busy"] == names["completed"] == names["canceled"] == "completed"
    assert event_of(event("call.answered")) == "answered"
    assert event_of(event("call.initiated")) == "initiated"


def test_a_recording_that_is_complete() -> None:
    assert dict(recording_form(RECORDING, event("recording.completed"), URL)) == {
        "ApiVersion": "2010-04-01",
        "AccountSid": ACCOUNT,
        "CallSid": SID,
        "RecordingSid": RECORDING_SID,
        "RecordingUrl": URL,
        "RecordingStatus": "completed",
        "RecordingDuration": "60",
        "RecordingChannels": "2",
        "RecordingStartTime": "Thu, 24 Aug 2023 05:04:01 +0000",
        "RecordingSource": "OutboundAPI",
        "RecordingTrack": "both",
        "ErrorCode": "0",
    }


def test_a_recording_that_begins_and_one_that_came_to_nothing() -> None:
    begun = dict(recording_form(replace(RECORDING, duration_ms=None), event("recording.in-progress"), URL))
    assert begun["RecordingStatus"] == "in-progress"
    assert not {"RecordingDuration", "ErrorCode"} & begun.keys()
    absent = dict(recording_form(replace(RECORDING, error_code=13610), event("recording.absent"), URL))
    assert (absent["RecordingStatus"], absent["ErrorCode"]) == ("absent", "13610")

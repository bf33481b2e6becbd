"""The form fields of a call's status callback and of a recording's, named and spelled as Twilio does.

Source: Twilio, "Call resource", section "Parameters sent to your StatusCallback"; "Recording resource", section
"RecordingStatusCallback".
"""

from ringfence.domain.call import Content
from ringfence.domain.call_duration import billed_minutes, talked_seconds
from ringfence.domain.call_fields import API_VERSION, CallFacts, call_fields
from ringfence.ports.calls import CallRow, RecordingRow
from ringfence.ports.outbox import EventRow
from ringfence.usecases.webhooks.field_times import rfc2822

Form = list[tuple[str, str]]

SECOND_MS = 1_000
# Progress events by name, where the status that is told has another.
_STATUSES = {"answered": "in-progress"}
_UNDER_WAY = frozenset({"initiated", "ringing", "answered"})


def event_of(event: EventRow) -> str:
    """The progress event by the name it is asked for under: initiated, ringing, answered or completed."""
    name = event.kind.removeprefix("call.")
    return name if name in _UNDER_WAY else "completed"


def progress_form(
    row: CallRow, content: Content, event: EventRow, recording: RecordingRow | None = None, url: str = ""
) -> Form:
    """What a call's StatusCallback is told. `recording` is that of the whole call, where one was asked for, and
    `url` where it is fetched.

    What ended is told with its length, which is 0 where nobody answered.
    """
    name = event.kind.removeprefix("call.")
    facts = CallFacts(
        account=row.account,
        sid=row.sid,
        parent_sid=row.parent_sid,
        direction=row.direction,
        status=_STATUSES.get(name, name),
    )
    form = call_fields(facts, content)
    form += [
        ("Timestamp", rfc2822(event.at_ms // SECOND_MS)),
        ("CallbackSource", "call-progress-events"),
        ("SequenceNumber", str(event.sequence)),
    ]
    if name in _UNDER_WAY:
        return form
    form += [
        ("CallDuration", str(talked_seconds(row.answered_ms, row.ended_ms))),
        ("Duration", str(billed_minutes(row.answered_ms, row.ended_ms))),
    ]
    if row.sip_status is not None:
        form.append(("SipResponseCode", str(row.sip_status)))
    if recording is not None:
        form += [("RecordingUrl", url), ("RecordingSid", recording.sid)]
        if recording.duration_ms is not None:
            form.append(("RecordingDuration", _seconds(recording)))
    return form


def recording_form(recording: RecordingRow, event: EventRow, url: str) -> Form:
    """What a RecordingStatusCallback is told: one status of a recording, which is fetched at `url`."""
    status = event.kind.removeprefix("recording.")
    form = [
        ("ApiVersion", API_VERSION),
        ("AccountSid", recording.account),
        ("CallSid", recording.call_sid),
        ("RecordingSid", recording.sid),
        ("RecordingUrl", url),
        ("RecordingStatus", status),
        ("RecordingChannels", str(recording.channels)),
        ("RecordingStartTime", rfc2822(recording.started_ms // SECOND_MS)),
        ("RecordingSource", recording.source),
        ("RecordingTrack", recording.track),
    ]
    if status == "completed":
        form.append(("RecordingDuration", _seconds(recording)))
    error_code = event.error_code if event.error_code is not None else recording.error_code
    if error_code is not None or status == "completed":
        form.append(("ErrorCode", str(error_code or 0)))
    return form


def _seconds(recording: RecordingRow) -> str:
    return str(-(-(recording.duration_ms or 0) // SECOND_MS))

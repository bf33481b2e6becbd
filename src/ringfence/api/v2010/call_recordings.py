"""The recordings of one call: begun, paused, resumed and ended while it lives.

`Twilio.CURRENT` in a recording's place is the newest that is under way. Source: Twilio, "Recordings subresource".
"""

from typing import Annotated, Literal

import msgspec

from ringfence.api.dates import rfc2822
from ringfence.api.forms import Rule, event_words, read_method, read_url
from ringfence.api.paging import Cursor
from ringfence.api.resource import API_VERSION, ApiRequest, Resource
from ringfence.api.v2010.recordings import ChannelsForm, CreatedForm, calling_of, duration_s, fetch_sound
from ringfence.domain.call import RecordingOptions
from ringfence.domain.errors import ApiError
from ringfence.ports.calls import RecordingRow
from ringfence.usecases.voice.change_recordings import CURRENT, RecordingOrder
from ringfence.usecases.voice.read_recordings import RecordingsWanted

call_recordings = Resource("Accounts/{AccountSid}/Calls/{CallSid}/Recordings", item="Recording", listed="recordings")

_WANTED: dict[str, RecordingOrder] = {"in-progress": "in-progress", "paused": "paused", "stopped": "stopped"}
_EVENTS = ("in-progress", "completed", "absent")


def recording_events(values: tuple[str, ...]) -> tuple[str, ...]:
    """What a RecordingStatusCallback is told of; completed where nothing is named. ApiError 20001 for what is none."""
    return event_words("RecordingStatusCallbackEvent", values, _EVENTS, code=20001) or ("completed",)


class CallRecordingForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Everything Twilio takes; what is not available yet is refused, not ignored."""

    recording_status_callback: Annotated[str, Rule(read_url, 21609)] | None = None
    recording_status_callback_method: Annotated[str, Rule(read_method, 21209)] = "POST"
    recording_status_callback_event: tuple[str, ...] = ()
    recording_channels: Literal["mono", "dual"] = "mono"
    recording_track: Literal["both", "inbound", "outbound"] = "both"
    trim: Literal["trim-silence", "do-not-trim"] = "do-not-trim"
    recording_configuration_id: str | None = None

    def options(self) -> RecordingOptions:
        """How it is made, and whom to tell of it. ApiError for an event that is none."""
        return RecordingOptions(
            channels=2 if self.recording_channels == "dual" else 1,
            track=self.recording_track,
            trim=self.trim == "trim-silence",
            callback=self.recording_status_callback or "",
            method=self.recording_status_callback_method,
            events=recording_events(self.recording_status_callback_event),
        )


class CallRecordingChangeForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    status: str | None = None
    pause_behavior: Literal["skip", "silence"] = "silence"


class CallRecording(msgspec.Struct, kw_only=True):
    account_sid: str
    api_version: str
    call_sid: str
    conference_sid: str | None
    date_created: str
    date_updated: str
    start_time: str
    duration: str | None
    sid: str
    price: str | None
    uri: str
    encryption_details: dict[str, str] | None
    price_unit: str
    status: str
    channels: int
    source: str
    error_code: int | None
    track: str


@call_recordings.create(CallRecordingForm)
async def create(request: ApiRequest[CallRecordingForm]) -> CallRecording:
    if request.form.recording_configuration_id:
        raise ApiError(20501, "The parameter RecordingConfigurationId is not available here yet.")
    row = await calling_of(request.deps).recording_changer.begin(
        request.caller, request.account.sid, request.path["CallSid"], request.form.options()
    )
    if row is None:
        raise ApiError(20404)
    return _shown(row)


@call_recordings.list(CreatedForm)
async def list_call_recordings(request: ApiRequest[CreatedForm], cursor: Cursor) -> list[CallRecording]:
    from_ms, to_ms = request.form.span()
    wanted = RecordingsWanted(
        call_sid=request.path["CallSid"], from_ms=from_ms, to_ms=to_ms, before=cursor.before, limit=cursor.limit
    )
    return [_shown(row) for row in await calling_of(request.deps).recordings.list(request.account.sid, wanted)]


@call_recordings.fetch(ChannelsForm, plain=fetch_sound)
async def fetch(request: ApiRequest[ChannelsForm]) -> CallRecording | None:
    row = await _one(request)
    return None if row is None else _shown(row)


@call_recordings.update(CallRecordingChangeForm)
async def update(request: ApiRequest[CallRecordingChangeForm]) -> CallRecording | None:
    form = request.form
    status = _WANTED.get(form.status or "")
    if status is None:
        # What is not there is not there, whatever was wanted of it.
        if request.sid != CURRENT and await _one(request) is None:
            return None
        raise ApiError(20001, "Status is none of in-progress, paused and stopped.")
    row = await calling_of(request.deps).recording_changer.change(
        request.account.sid, request.path["CallSid"], request.sid, status, skip=form.pause_behavior == "skip"
    )
    return None if row is None else _shown(row)


@call_recordings.delete()
async def delete(request: ApiRequest[msgspec.Struct]) -> bool:
    return await calling_of(request.deps).recording_changer.delete(
        request.account.sid, request.sid, request.path["CallSid"]
    )


async def _one(request: ApiRequest[msgspec.Struct]) -> RecordingRow | None:
    return await calling_of(request.deps).recordings.fetch(request.account.sid, request.sid, request.path["CallSid"])


def _shown(row: RecordingRow) -> CallRecording:
    return CallRecording(
        account_sid=row.account,
        api_version=API_VERSION,
        call_sid=row.call_sid,
        conference_sid=None,
        date_created=rfc2822(row.created_ms),
        date_updated=rfc2822(row.updated_ms),
        start_time=rfc2822(row.started_ms),
        duration=duration_s(row),
        sid=row.sid,
        price=None,
        uri=f"/{API_VERSION}/Accounts/{row.account}/Calls/{row.call_sid}/Recordings/{row.sid}.json",
        encryption_details=None,
        price_unit="USD",
        status=row.status,
        channels=row.channels,
        source=row.source,
        error_code=row.error_code,
        track=row.track,
    )

"""Recordings: the list, what each is, and without `.json` its sound, as `.wav` or `.mp3`.

Source: Twilio, "Recording resource"; its section "Fetch a Recording's media file".
"""

from collections.abc import Mapping

import msgspec

from ringfence.api.calling import Calling
from ringfence.api.dates import rfc2822
from ringfence.api.dependencies import ApiDependencies
from ringfence.api.forms import MomentFilter
from ringfence.api.paging import Cursor
from ringfence.api.resource import API_VERSION, ApiRequest, Resource, Streamed
from ringfence.domain.errors import ApiError
from ringfence.ports.calls import RecordingRow
from ringfence.ports.recordings import OpenedRecording, RecordingUnreadableError
from ringfence.usecases.voice.read_recordings import RecordingsWanted
from ringfence.usecases.voice.recording_links import SoundForm, told_form

recordings = Resource("Accounts/{AccountSid}/Recordings", item="Recording", listed="recordings")

_TYPES: dict[SoundForm, str] = {"wav": "audio/x-wav", "mp3": "audio/mpeg"}
_SUBRESOURCES = (("add_on_results", "AddOnResults"), ("transcriptions", "Transcriptions"))
_UNDER_WAY = frozenset({"in-progress", "paused", "processing"})


class CreatedForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """`DateCreated<` and `DateCreated>` include what they name: Twilio writes them `<=` and `>=`."""

    date_created: MomentFilter | None = None
    date_created_before: MomentFilter | None = msgspec.field(default=None, name="DateCreated<")
    date_created_after: MomentFilter | None = msgspec.field(default=None, name="DateCreated>")

    def span(self) -> tuple[int | None, int | None]:
        """Half open bounds of the creation, Unix milliseconds: a date means its whole UTC day."""
        starts = [moment.from_ms for moment in (self.date_created, self.date_created_after) if moment is not None]
        ends = [moment.to_ms for moment in (self.date_created, self.date_created_before) if moment is not None]
        return max(starts, default=None), min(ends, default=None)


class RecordingFilterForm(CreatedForm, frozen=True, kw_only=True, rename="pascal"):
    call_sid: str | None = None
    conference_sid: str | None = None
    include_soft_deleted: bool = False


class ChannelsForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Of the sound: in how many channels it is wanted."""

    requested_channels: str = ""


class RecordingForm(ChannelsForm, frozen=True, kw_only=True, rename="pascal"):
    include_soft_deleted: bool = False


class Recording(msgspec.Struct, kw_only=True):
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
    price_unit: str
    status: str
    channels: int
    source: str
    error_code: int | None
    uri: str
    encryption_details: dict[str, str] | None
    subresource_uris: dict[str, str]
    media_url: str


def calling_of(deps: ApiDependencies) -> Calling:
    """What is driven here; ApiError 20501 where nobody would run a call."""
    if deps.calling is None:
        raise ApiError(20501, "Calls need the voice part of ringfence: pip install 'ringfence[voice]'.")
    return deps.calling


def duration_s(row: RecordingRow) -> str | None:
    """Whole seconds, a part of one counting as one; None while it is made."""
    if row.duration_ms is None or row.status in _UNDER_WAY:
        return None
    return str(-(-row.duration_ms // 1_000))


@recordings.list(RecordingFilterForm)
async def list_recordings(request: ApiRequest[RecordingFilterForm], cursor: Cursor) -> list[Recording]:
    form = request.form
    if form.conference_sid:
        # There are no conferences here yet, so none has a recording.
        return []
    from_ms, to_ms = form.span()
    wanted = RecordingsWanted(
        call_sid=form.call_sid or None,
        from_ms=from_ms,
        to_ms=to_ms,
        with_deleted=form.include_soft_deleted,
        before=cursor.before,
        limit=cursor.limit,
    )
    rows = await calling_of(request.deps).recordings.list(request.account.sid, wanted)
    return [_shown(row, request.deps.base_url) for row in rows]


async def fetch_sound(request: ApiRequest[ChannelsForm]) -> Streamed | None:
    """The sound itself, for a credential."""
    reader = calling_of(request.deps).recordings
    sid, form = told_form(request.sid)
    row = await reader.fetch(request.account.sid, sid, request.path.get("CallSid"))
    if row is None:
        return None
    try:
        opened = await reader.open(request.caller, row)
        return None if opened is None else await _streamed(opened, form, request.form.requested_channels)
    except RecordingUnreadableError as error:
        raise ApiError(20501, f"{error}.") from None


async def fetch_sound_unsigned(
    deps: ApiDependencies, path: Mapping[str, str], asked: Mapping[str, str]
) -> Streamed | None:
    """The sound itself, for whoever holds its capability.

    Programs put `.mp3` or `.wav?RequestedChannels=2` behind the whole of its URL.
    """
    named, form = told_form(path["Sid"])
    token, _, behind = asked["Capability"].partition("?")
    bare, form_behind = told_form(token)
    if bare != token:
        form = form_behind
    channels = asked.get("RequestedChannels") or behind.removeprefix("RequestedChannels=")
    try:
        opened = await calling_of(deps).recordings.open_with(path["AccountSid"], named, bare)
        return None if opened is None else await _streamed(opened, form, channels)
    except RecordingUnreadableError as error:
        raise ApiError(20501, f"{error}.") from None


@recordings.fetch(RecordingForm, plain=fetch_sound, unsigned=fetch_sound_unsigned)
async def fetch(request: ApiRequest[RecordingForm]) -> Recording | None:
    reader = calling_of(request.deps).recordings
    row = await reader.fetch(request.account.sid, request.sid, with_deleted=request.form.include_soft_deleted)
    return None if row is None else _shown(row, request.deps.base_url)


@recordings.delete()
async def delete(request: ApiRequest[msgspec.Struct]) -> bool:
    return await calling_of(request.deps).recording_changer.delete(request.account.sid, request.sid)


async def _streamed(opened: OpenedRecording, form: SoundForm, channels: str) -> Streamed:
    """The sound in its own channels, or in one where that is asked for. ApiError for more than there are."""
    if channels not in ("", "1", str(opened.channels)):
        await opened.close()
        raise ApiError(16113) if channels == "2" else ApiError(20001, "RequestedChannels is 1 or 2.")
    if channels == "1":
        opened.mix()
    if form == "wav":
        return Streamed(_TYPES[form], opened.wav_bytes, opened.wav, opened.close)
    return Streamed(_TYPES[form], None, lambda start, end: opened.mp3(), opened.close)


def _shown(row: RecordingRow, base_url: str) -> Recording:
    path = f"/{API_VERSION}/Accounts/{row.account}/Recordings/{row.sid}"
    return Recording(
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
        price_unit="USD",
        status=row.status,
        channels=row.channels,
        source=row.source,
        error_code=row.error_code,
        uri=f"{path}.json",
        encryption_details=None,
        subresource_uris={name: f"{path}/{below}.json" for name, below in _SUBRESOURCES},
        media_url=f"{base_url}{path}",
    )

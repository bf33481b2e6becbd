"""Calls. Source: Twilio, "Call resource"."""

from typing import Annotated, Literal

import msgspec

from ringfence.api.calling import Calling
from ringfence.api.dates import rfc2822, rfc2822_or_none
from ringfence.api.dependencies import ApiDependencies
from ringfence.api.forms import MomentFilter, Rule, event_words, read_digits, read_integer, read_method, read_url
from ringfence.api.paging import Cursor
from ringfence.api.resource import API_VERSION, ApiRequest, Resource
from ringfence.api.v2010.call_recordings import recording_events
from ringfence.domain.call import FINAL, Content, Direction, Order, Status
from ringfence.domain.call_duration import talked_seconds
from ringfence.domain.errors import ApiError
from ringfence.domain.number import parse_e164
from ringfence.domain.rating import format_price
from ringfence.usecases.accounts.friendly_number import friendly_number
from ringfence.usecases.voice.call_view import CallView
from ringfence.usecases.voice.create_call import CallRequest
from ringfence.usecases.voice.read_calls import CallsWanted

calls = Resource("Accounts/{AccountSid}/Calls", item="Call", listed="calls")

MAX_TIMEOUT_S = 600
MAX_TIME_LIMIT_S = 14_400
MAX_SIP_CHARACTERS = 255
PROGRESS = ("initiated", "ringing", "answered", "completed")

_SUBRESOURCES = (
    ("notifications", "Notifications"),
    ("recordings", "Recordings"),
    ("payments", "Payments"),
    ("events", "Events"),
    ("siprec", "Siprec"),
    ("streams", "Streams"),
    ("transcriptions", "Transcriptions"),
    ("user_defined_message_subscriptions", "UserDefinedMessageSubscriptions"),
    ("user_defined_messages", "UserDefinedMessages"),
)


def read_timeout(text: str) -> int:
    """Seconds to ring: 1 to 600."""
    seconds = read_integer(text)
    if not 0 < seconds <= MAX_TIMEOUT_S:
        raise ValueError(f"expected 1 to {MAX_TIMEOUT_S}")
    return seconds


def read_time_limit(text: str) -> int:
    """Seconds that a call may last: 1 to 14,400."""
    seconds = read_integer(text)
    if not 0 < seconds <= MAX_TIME_LIMIT_S:
        raise ValueError(f"expected 1 to {MAX_TIME_LIMIT_S:,}")
    return seconds


def read_sip_word(text: str) -> str:
    """A name or a password for SIP: at most 255 characters."""
    if len(text) > MAX_SIP_CHARACTERS:
        raise ValueError(f"expected at most {MAX_SIP_CHARACTERS} characters")
    return text


Url = Annotated[str, Rule(read_url, 21205)]
CallbackUrl = Annotated[str, Rule(read_url, 21609)]
HttpMethod = Annotated[str, Rule(read_method, 21209)]


class CallForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Everything Twilio takes. What changes a call here and is not available yet is refused, not ignored."""

    to: str | None = None
    from_: str | None = msgspec.field(default=None, name="From")
    url: Url | None = None
    twiml: str | None = None
    application_sid: str | None = None
    method: HttpMethod = "POST"
    fallback_url: Url | None = None
    fallback_method: HttpMethod = "POST"
    status_callback: CallbackUrl | None = None
    status_callback_method: HttpMethod = "POST"
    status_callback_event: tuple[str, ...] = ()
    send_digits: Annotated[str, Rule(read_digits, 21206)] | None = None
    timeout: Annotated[int, Rule(read_timeout, 21208)] = 60
    time_limit: Annotated[int, Rule(read_time_limit)] = MAX_TIME_LIMIT_S
    record: bool = False
    recording_channels: Literal["mono", "dual"] = "mono"
    recording_track: Literal["both", "inbound", "outbound"] = "both"
    recording_status_callback: CallbackUrl | None = None
    recording_status_callback_method: HttpMethod = "POST"
    recording_status_callback_event: tuple[str, ...] = ()
    trim: Literal["trim-silence", "do-not-trim"] = "trim-silence"
    sip_auth_username: Annotated[str, Rule(read_sip_word, 21221)] | None = None
    sip_auth_password: Annotated[str, Rule(read_sip_word, 21223)] | None = None
    caller_id: str | None = None
    call_reason: str | None = None
    call_token: str | None = None
    byoc: str | None = None
    machine_detection: str | None = None
    machine_detection_timeout: str | None = None
    machine_detection_speech_threshold: str | None = None
    machine_detection_speech_end_threshold: str | None = None
    machine_detection_silence_timeout: str | None = None
    async_amd: str | None = None
    async_amd_status_callback: str | None = None
    async_amd_status_callback_method: str | None = None
    client_notification_url: str | None = None

    def unavailable(self) -> str | None:
        """The first parameter that asks for what is not there yet.

        As at Twilio, nobody is listened for where digits are sent, and a trunk is for numbers only.
        """
        asked = {
            "CallReason": self.call_reason,
            "CallToken": self.call_token,
            "ClientNotificationUrl": self.client_notification_url,
            "CallerId": self.caller_id if self.from_ and self.caller_id != self.from_ else None,
            "Byoc": None if parse_e164(self.to or "") is None else self.byoc,
        }
        if not self.send_digits:
            asked |= {
                "MachineDetection": self.machine_detection,
                "MachineDetectionTimeout": self.machine_detection_timeout,
                "MachineDetectionSpeechThreshold": self.machine_detection_speech_threshold,
                "MachineDetectionSpeechEndThreshold": self.machine_detection_speech_end_threshold,
                "MachineDetectionSilenceTimeout": self.machine_detection_silence_timeout,
                "AsyncAmd": self.async_amd if (self.async_amd or "").lower() != "false" else None,
                "AsyncAmdStatusCallback": self.async_amd_status_callback,
                "AsyncAmdStatusCallbackMethod": self.async_amd_status_callback_method,
            }
        return next((name for name, wanted in asked.items() if wanted), None)

    def content(self) -> Content:
        """What is sealed with the call; its ends are judged elsewhere. Url counts before Twiml, as at Twilio."""
        return Content(
            to="",
            sender="",
            url=self.url or "",
            method=self.method,
            fallback_url=self.fallback_url or "",
            fallback_method=self.fallback_method,
            twiml="" if self.url else self.twiml or "",
            status_callback=self.status_callback or "",
            status_method=self.status_callback_method,
            status_events=event_words("StatusCallbackEvent", self.status_callback_event, PROGRESS, code=21626),
            send_digits=self.send_digits or "",
            timeout_s=self.timeout,
            time_limit_s=self.time_limit,
            record=self.record,
            recording_channels=self.recording_channels,
            recording_track=self.recording_track,
            recording_callback=self.recording_status_callback or "",
            recording_callback_method=self.recording_status_callback_method,
            recording_events=recording_events(self.recording_status_callback_event),
            trim=self.trim == "trim-silence",
            sip_username=self.sip_auth_username or "",
            sip_password=self.sip_auth_password or "",
            application_sid="" if self.url or self.twiml else self.application_sid or "",
        )


class ChangeForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    url: Url | None = None
    twiml: str | None = None
    method: HttpMethod = "POST"
    fallback_url: Url | None = None
    fallback_method: HttpMethod | None = None
    status_callback: CallbackUrl | None = None
    status_callback_method: HttpMethod | None = None
    status: Literal["canceled", "completed"] | None = None
    time_limit: Annotated[int, Rule(read_time_limit)] | None = None


class CallFilterForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """`StartTime<` and `StartTime>` include what they name: Twilio writes them `<=` and `>=`."""

    to: str | None = None
    from_: str | None = msgspec.field(default=None, name="From")
    parent_call_sid: str | None = None
    status: str | None = None
    start_time: MomentFilter | None = None
    start_time_before: MomentFilter | None = msgspec.field(default=None, name="StartTime<")
    start_time_after: MomentFilter | None = msgspec.field(default=None, name="StartTime>")
    end_time: MomentFilter | None = None
    end_time_before: MomentFilter | None = msgspec.field(default=None, name="EndTime<")
    end_time_after: MomentFilter | None = msgspec.field(default=None, name="EndTime>")


class Call(msgspec.Struct, kw_only=True):
    sid: str
    date_created: str
    date_updated: str
    parent_call_sid: str | None
    account_sid: str
    to: str
    to_formatted: str
    from_: str = msgspec.field(name="from")
    from_formatted: str
    phone_number_sid: str | None
    status: str
    start_time: str | None
    end_time: str | None
    duration: str | None
    price: str | None
    price_unit: str
    direction: str
    answered_by: str | None
    api_version: str
    forwarded_from: str | None
    group_sid: str | None
    caller_name: str | None
    queue_time: str
    trunk_sid: str | None
    uri: str
    subresource_uris: dict[str, str]

    def __repr__(self) -> str:
        return f"Call({self.sid})"


@calls.create(CallForm)
async def create(request: ApiRequest[CallForm]) -> Call:
    form = request.form
    if (name := form.unavailable()) is not None:
        raise ApiError(20501, f"The parameter {name} is not available here yet.")
    if form.sip_auth_username and not form.sip_auth_password:
        raise ApiError(21225)
    wanted = CallRequest(to=form.to, sender=form.from_ or form.caller_id, content=form.content())
    return _shown(await _calling(request.deps).creator.create(request.caller, request.account, wanted))


@calls.list(CallFilterForm)
async def list_calls(request: ApiRequest[CallFilterForm], cursor: Cursor) -> list[Call]:
    form = request.form
    if form.status and form.status not in {status.value for status in Status}:
        raise ApiError(20001, "Status is none of a call's.")
    start_from_ms, start_to_ms = _span(form.start_time, form.start_time_after, form.start_time_before)
    end_from_ms, end_to_ms = _span(form.end_time, form.end_time_after, form.end_time_before)
    wanted = CallsWanted(
        to=_end(form.to),
        sender=_end(form.from_),
        status=Status(form.status) if form.status else None,
        parent_sid=form.parent_call_sid or None,
        start_from_ms=start_from_ms,
        start_to_ms=start_to_ms,
        end_from_ms=end_from_ms,
        end_to_ms=end_to_ms,
        before=cursor.before,
        limit=cursor.limit,
    )
    views = await _calling(request.deps).reader.list(request.caller, request.account, wanted)
    return [_shown(view) for view in views]


@calls.fetch()
async def fetch(request: ApiRequest[msgspec.Struct]) -> Call | None:
    view = await _calling(request.deps).reader.fetch(request.caller, request.account, request.sid)
    return None if view is None else _shown(view)


@calls.update(ChangeForm)
async def update(request: ApiRequest[ChangeForm]) -> Call | None:
    """Status ends it; Url or Twiml is run now; the rest holds from now on."""
    form, changer = request.form, _calling(request.deps).changer
    if form.status is not None:
        view = await changer.end(request.caller, request.account, request.sid, form.status)
        return None if view is None else _shown(view)
    if form.twiml and form.url:
        raise ApiError(20001, "Url and Twiml exclude each other.")
    order = Order(
        url=form.url or "",
        method=form.method,
        fallback_url=form.fallback_url or "",
        fallback_method=form.fallback_method or "",
        twiml=form.twiml or "",
        status_callback=form.status_callback or "",
        status_method=form.status_callback_method or "",
        time_limit_s=form.time_limit or 0,
    )
    if order == Order(method=form.method):
        return await fetch(request)
    view = await changer.redirect(request.caller, request.account, request.sid, order)
    return None if view is None else _shown(view)


@calls.delete()
async def delete(request: ApiRequest[msgspec.Struct]) -> bool:
    return await _calling(request.deps).changer.delete(request.account.sid, request.sid)


def _calling(deps: ApiDependencies) -> Calling:
    """What is driven here; ApiError 20501 where nobody would run a call."""
    if deps.calling is None:
        raise ApiError(20501, "Calls need the voice part of ringfence: pip install 'ringfence[voice]'.")
    return deps.calling


def _shown(view: CallView) -> Call:
    row, content = view.row, view.content
    base = f"/{API_VERSION}/Accounts/{row.account}/Calls/{row.sid}"
    inbound = row.direction is Direction.INBOUND
    to = content.to if content is not None else row.local if inbound else ""
    sender = content.sender if content is not None else "" if inbound else row.local
    over = row.status in FINAL
    return Call(
        sid=row.sid,
        date_created=rfc2822(row.created_ms),
        date_updated=rfc2822(row.updated_ms),
        parent_call_sid=row.parent_sid,
        account_sid=row.account,
        to=to,
        to_formatted=_formatted(to),
        from_=sender,
        from_formatted=_formatted(sender),
        phone_number_sid=row.phone_number_sid or None,
        status=row.status.value,
        start_time=None if row.status is Status.QUEUED else rfc2822(row.answered_ms or row.created_ms),
        end_time=rfc2822_or_none(row.ended_ms),
        duration=str(talked_seconds(row.answered_ms, row.ended_ms)) if over else None,
        price=format_price(row.price_micros) if over and row.price_micros else None,
        price_unit=row.price_unit,
        direction=row.direction.value,
        answered_by=None,
        api_version=API_VERSION,
        forwarded_from=(content.forwarded_from if content is not None else "") or None,
        group_sid=None,
        caller_name=(content.caller_name if content is not None else "") or None,
        queue_time="0",
        trunk_sid=None,
        uri=f"{base}.json",
        subresource_uris={name: f"{base}/{path}.json" for name, path in _SUBRESOURCES},
    )


def _formatted(end: str) -> str:
    number = parse_e164(end)
    return end if number is None else friendly_number(number.e164, number.region)


def _end(text: str | None) -> str | None:
    """A filter's number in E.164; an address as it stands."""
    if not text:
        return None
    number = parse_e164(text)
    return text if number is None else number.e164


def _span(
    day: MomentFilter | None, after: MomentFilter | None, before: MomentFilter | None
) -> tuple[int | None, int | None]:
    """Half open bounds, Unix milliseconds: a date means its whole UTC day."""
    starts = [moment.from_ms for moment in (day, after) if moment is not None]
    ends = [moment.to_ms for moment in (day, before) if moment is not None]
    return max(starts, default=None), min(ends, default=None)

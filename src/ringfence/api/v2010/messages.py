"""Texts. Source: Twilio, "Message resource"."""

from decimal import Decimal
from typing import Annotated, Literal

import msgspec

from ringfence.api.dates import rfc2822, rfc2822_or_none
from ringfence.api.forms import DAY_MS, Instant, MomentFilter, Rule, read_integer, read_url
from ringfence.api.paging import Cursor
from ringfence.api.resource import API_VERSION, ApiRequest, Resource
from ringfence.domain.errors import ApiError, describe
from ringfence.domain.message import Direction
from ringfence.domain.number import parse_e164
from ringfence.domain.rating import format_price
from ringfence.usecases.messaging.read import ListRequest
from ringfence.usecases.messaging.send import SendRequest
from ringfence.usecases.messaging.view import MessageView

messages = Resource("Accounts/{AccountSid}/Messages", item="Message", listed="messages")


def read_status_callback(text: str) -> str:
    """As read_url; Twilio takes no underscore in the host name."""
    read_url(text)
    if "_" in text.partition("://")[2].partition("/")[0]:
        raise ValueError("expected a host name without an underscore")
    return text


StatusCallback = Annotated[str, Rule(read_status_callback, 21609)]
MediaUrl = Annotated[str, Rule(read_url, 21620)]
ValidityPeriod = Annotated[int, Rule(read_integer, 21624)]


class MessageForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Everything Twilio takes. What changes a text here and is not available yet is refused, not ignored."""

    to: str | None = None
    from_: str | None = msgspec.field(default=None, name="From")
    messaging_service_sid: str | None = None
    body: str | None = None
    media_url: tuple[MediaUrl, ...] = ()
    status_callback: StatusCallback | None = None
    validity_period: ValidityPeriod | None = None
    schedule_type: str | None = None
    send_at: Instant | None = None
    application_sid: str | None = None
    content_sid: str | None = None
    content_variables: str | None = None
    content_retention: Literal["retain", "discard"] | None = None
    address_retention: Literal["retain", "obfuscate"] | None = None
    persistent_action: tuple[str, ...] = ()
    send_as_mms: bool | None = None
    shorten_urls: bool | None = None
    smart_encoded: bool | None = None
    provide_feedback: bool | None = None
    force_delivery: bool | None = None
    fallback_from: str | None = None
    attempt: int | None = None
    max_price: Decimal | None = None
    traffic_type: Literal["free"] | None = None
    risk_check: Literal["enable", "disable"] | None = None

    def unavailable(self) -> str | None:
        """The first parameter that asks for what is not there yet."""
        if not (
            self.application_sid
            or self.content_sid
            or self.content_retention
            or self.address_retention
            or self.persistent_action
            or self.send_as_mms
            or self.shorten_urls
            or self.provide_feedback
        ):
            return None
        asked = {
            "ApplicationSid": bool(self.application_sid) and not self.status_callback,
            "ContentSid": bool(self.content_sid),
            "ContentRetention": self.content_retention == "discard",
            "AddressRetention": self.address_retention == "obfuscate",
            "PersistentAction": any(self.persistent_action),
            "SendAsMms": self.send_as_mms is True,
            "ShortenUrls": self.shorten_urls is True,
            "ProvideFeedback": self.provide_feedback is True,
        }
        return next((name for name, wanted in asked.items() if wanted), None)


class EditForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    body: str | None = None
    status: Literal["canceled"] | None = None


class MessageFilterForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """`DateSent<` and `DateSent>` include what they name: Twilio writes them `<=` and `>=`."""

    to: str | None = None
    from_: str | None = msgspec.field(default=None, name="From")
    date_sent: MomentFilter | None = None
    date_sent_before: MomentFilter | None = msgspec.field(default=None, name="DateSent<")
    date_sent_after: MomentFilter | None = msgspec.field(default=None, name="DateSent>")


class Message(msgspec.Struct, kw_only=True):
    body: str
    num_segments: str
    direction: str
    from_: str | None = msgspec.field(name="from")
    to: str
    date_updated: str
    price: str | None
    error_message: str | None
    uri: str
    account_sid: str
    num_media: str
    status: str
    messaging_service_sid: str | None
    sid: str
    date_sent: str | None
    date_created: str
    error_code: int | None
    price_unit: str
    api_version: str
    subresource_uris: dict[str, str]

    def __repr__(self) -> str:
        return f"Message({self.sid})"


def _shown(view: MessageView) -> Message:
    row, content = view.row, view.content
    remote = content.remote if content is not None else ""
    inbound = row.direction is Direction.INBOUND
    base = f"/{API_VERSION}/Accounts/{row.account}/Messages/{row.sid}"
    return Message(
        body=content.body if content is not None else "",
        num_segments=str(row.num_segments),
        direction=row.direction.value,
        from_=remote if inbound else row.local,
        to=row.local if inbound else remote,
        date_updated=rfc2822(row.updated_ms),
        price=None if row.price_micros is None else format_price(row.price_micros),
        error_message=None if row.error_code is None else describe(row.error_code),
        uri=f"{base}.json",
        account_sid=row.account,
        num_media=str(row.num_media),
        status=row.status.value,
        messaging_service_sid=row.messaging_service_sid,
        sid=row.sid,
        date_sent=rfc2822_or_none(row.sent_ms),
        date_created=rfc2822(row.created_ms),
        error_code=row.error_code,
        price_unit=row.price_unit,
        api_version=API_VERSION,
        subresource_uris={"media": f"{base}/Media.json"},
    )


@messages.create(MessageForm)
async def create(request: ApiRequest[MessageForm]) -> Message:
    form = request.form
    if (name := form.unavailable()) is not None:
        raise ApiError(20501, f"The parameter {name} is not available here yet.")
    wanted = SendRequest(
        to=form.to,
        sender=form.from_,
        body=form.body,
        media_urls=form.media_url,
        status_callback=form.status_callback,
        messaging_service_sid=form.messaging_service_sid or None,
        schedule_type=form.schedule_type or None,
        send_at_ms=form.send_at,
        validity_period_s=form.validity_period,
        smart_encoded=form.smart_encoded,
    )
    made = _shown(await request.deps.messaging.sender.send(request.caller, request.account, wanted))
    # As at Twilio, where a Messaging Service picks the sender after the answer.
    return made if wanted.sender else msgspec.structs.replace(made, from_=None)


@messages.list(MessageFilterForm)
async def list_messages(request: ApiRequest[MessageFilterForm], cursor: Cursor) -> list[Message]:
    form = request.form
    from_ms, to_ms = _span(form)
    try:
        to, sender = _address(form.to), _address(form.from_)
    except ValueError:
        return []
    wanted = ListRequest(to=to, sender=sender, from_ms=from_ms, to_ms=to_ms, before=cursor.before, limit=cursor.limit)
    views = await request.deps.messaging.reader.list(request.caller, request.account, wanted)
    return [_shown(view) for view in views]


@messages.fetch()
async def fetch(request: ApiRequest[msgspec.Struct]) -> Message | None:
    view = await request.deps.messaging.reader.fetch(request.caller, request.account, request.sid)
    return None if view is None else _shown(view)


@messages.update(EditForm)
async def update(request: ApiRequest[EditForm]) -> Message | None:
    """Body="" forgets the words, Status=canceled calls a scheduled text off; nothing else may be changed."""
    form, editor = request.form, request.deps.messaging.editor
    if form.body:
        raise ApiError(20001, "Body may only be set to nothing.")
    if form.status is not None:
        view = await editor.cancel(request.caller, request.account, request.sid)
    elif form.body is not None:
        view = await editor.redact(request.caller, request.account, request.sid)
    else:
        view = await request.deps.messaging.reader.fetch(request.caller, request.account, request.sid)
    return None if view is None else _shown(view)


@messages.delete()
async def delete(request: ApiRequest[msgspec.Struct]) -> bool:
    return await request.deps.messaging.editor.delete(request.account, request.sid)


def _address(text: str | None) -> str | None:
    """A filter's number in E.164; ValueError for what is no number, which no message has."""
    if not text:
        return None
    number = parse_e164(text)
    if number is None:
        raise ValueError("no number")
    return number.e164


def _span(form: MessageFilterForm) -> tuple[int | None, int | None]:
    """Half open bounds, Unix milliseconds. `DateSent` means its whole UTC day even when it names a time."""
    starts: list[int] = []
    ends: list[int] = []
    if form.date_sent is not None:
        starts.append(form.date_sent.day_from_ms)
        ends.append(form.date_sent.day_from_ms + DAY_MS)
    if form.date_sent_after is not None:
        starts.append(form.date_sent_after.from_ms)
    if form.date_sent_before is not None:
        ends.append(form.date_sent_before.to_ms)
    return max(starts, default=None), min(ends, default=None)

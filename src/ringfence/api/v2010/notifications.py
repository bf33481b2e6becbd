"""What went wrong in calls: of an account, and of one call. Source: Twilio, "Notification resource"."""

from typing import Any, Literal
from urllib.parse import urlencode

import msgspec

from ringfence.api.dates import rfc2822
from ringfence.api.forms import MomentFilter
from ringfence.api.paging import Cursor
from ringfence.api.resource import API_VERSION, ApiRequest, Resource
from ringfence.domain.attempt import Exchange
from ringfence.domain.errors import ApiError, describe, more_info
from ringfence.domain.sid import is_sid
from ringfence.usecases.timeline.notifications import TroublesWanted
from ringfence.usecases.timeline.read_call import StepView

PREFIX = "NO"
ERROR, WARNING = "0", "1"


class NotificationFilter(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """`MessageDate<` and `MessageDate>` include what they name: Twilio writes them `<=` and `>=`."""

    log: Literal["0", "1"] | None = None
    message_date: MomentFilter | None = None
    message_date_before: MomentFilter | None = msgspec.field(default=None, name="MessageDate<")
    message_date_after: MomentFilter | None = msgspec.field(default=None, name="MessageDate>")


class Notification(msgspec.Struct, kw_only=True):
    """Something that went wrong, as lists show it."""

    sid: str
    account_sid: str
    call_sid: str
    api_version: str
    log: str
    error_code: str
    more_info: str
    message_text: str
    message_date: str
    date_created: str
    date_updated: str
    request_method: str | None
    request_url: str | None
    uri: str

    def __repr__(self) -> str:
        return f"Notification({self.sid})"


class WholeNotification(Notification, kw_only=True):
    """The same with what was asked and answered."""

    request_variables: str | None
    response_headers: str | None
    response_body: str | None


def _fields(view: StepView, below: str) -> dict[str, Any]:
    row, detail, exchange = view.row, view.detail, _exchange(view)
    sid = f"{PREFIX}{row.at_ms:012x}{row.id:020x}"
    log = WARNING if row.kind == "warning" else ERROR
    url = (exchange.url if exchange is not None else detail.url if detail is not None else "") or None
    message = [
        ("LogLevel", "WARN" if log == WARNING else "ERROR"),
        ("ErrorCode", str(row.code)),
        ("Msg", (detail.text if detail is not None else "") or describe(row.code or 0)),
        *([("url", url)] if url else []),
    ]
    return {
        "sid": sid,
        "account_sid": row.account,
        "call_sid": row.call_sid,
        "api_version": API_VERSION,
        "log": log,
        "error_code": str(row.code),
        "more_info": more_info(row.code or 0),
        "message_text": urlencode(message),
        "message_date": rfc2822(row.at_ms),
        "date_created": rfc2822(row.at_ms),
        "date_updated": rfc2822(row.at_ms),
        "request_method": exchange.method if exchange is not None else None,
        "request_url": url,
        "uri": f"/{API_VERSION}/Accounts/{row.account}/{below}Notifications/{sid}.json",
    }


def _exchange(view: StepView) -> Exchange | None:
    attempt = None if view.detail is None else view.detail.attempt
    return attempt.exchanges[-1] if attempt is not None and attempt.exchanges else None


def _whole(view: StepView, below: str) -> WholeNotification:
    exchange = _exchange(view)
    return WholeNotification(
        **_fields(view, below),
        request_variables=None if exchange is None else exchange.body.decode("utf-8", "replace"),
        response_headers=None if exchange is None else urlencode(exchange.headers),
        response_body=None if exchange is None else exchange.answer.decode("utf-8", "replace"),
    )


def _place(sid: str) -> tuple[int, int]:
    return int(sid[2:14], 16), int(sid[14:], 16)


def _wanted(form: NotificationFilter, cursor: Cursor, call_sid: str | None) -> TroublesWanted:
    starts = [moment.from_ms for moment in (form.message_date, form.message_date_after) if moment is not None]
    ends = [moment.to_ms for moment in (form.message_date, form.message_date_before) if moment is not None]
    return TroublesWanted(
        call_sid=call_sid,
        warnings=None if form.log is None else form.log == WARNING,
        from_ms=max(starts, default=None),
        to_ms=min(ends, default=None),
        before=None if cursor.before is None else _place(cursor.before),
        limit=cursor.limit,
    )


def _notifications(path: str) -> Resource:
    resource = Resource(path, item="Notification", listed="notifications")

    @resource.list(NotificationFilter)
    async def list_notifications(request: ApiRequest[NotificationFilter], cursor: Cursor) -> list[Notification]:
        call_sid, below = await _call(request)
        reader = request.deps.messaging.notifications
        views = await reader.read(request.caller, request.account.sid, _wanted(request.form, cursor, call_sid))
        return [Notification(**_fields(view, below)) for view in views]

    @resource.fetch()
    async def fetch(request: ApiRequest[msgspec.Struct]) -> WholeNotification | None:
        call_sid, below = await _call(request)
        if not is_sid(request.sid, PREFIX):
            return None
        reader = request.deps.messaging.notifications
        view = await reader.fetch(request.caller, request.account.sid, *_place(request.sid))
        return None if view is None or call_sid not in (None, view.row.call_sid) else _whole(view, below)

    return resource


async def _call(request: ApiRequest[Any]) -> tuple[str | None, str]:
    """The call that the path names, if any, and the path's part for it. ApiError 20404 for one that is not there."""
    call_sid = request.path.get("CallSid")
    if call_sid is None:
        return None, ""
    if await request.deps.store.call(request.account.sid, call_sid) is None:
        raise ApiError(20404)
    return call_sid, f"Calls/{call_sid}/"


notifications = _notifications("Accounts/{AccountSid}/Notifications")
call_notifications = _notifications("Accounts/{AccountSid}/Calls/{CallSid}/Notifications")

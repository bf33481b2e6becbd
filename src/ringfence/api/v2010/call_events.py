"""The requests that a call made to its program, and what was answered. Source: Twilio, "Call Event resource"."""

from typing import Any
from urllib.parse import parse_qsl

import msgspec

from ringfence.api.dates import rfc2822
from ringfence.api.paging import Cursor
from ringfence.api.resource import ApiRequest, Resource
from ringfence.domain.attempt import Attempt, Exchange
from ringfence.domain.errors import ApiError
from ringfence.usecases.timeline.read_call import CallTimelineView


class CallEvent(msgspec.Struct, dict=True):
    """A request and its answer."""

    request: dict[str, Any]
    response: dict[str, Any]

    def __repr__(self) -> str:
        return "CallEvent(…)"


def _place(number: int) -> str:
    """A page's place, in the form of a sid."""
    return f"EV{number:032x}"


call_events = Resource(
    "Accounts/{AccountSid}/Calls/{CallSid}/Events",
    item="Event",
    listed="events",
    key=lambda event: _place(event.__dict__["number"]),
)


@call_events.list()
async def list_events(request: ApiRequest[msgspec.Struct], cursor: Cursor) -> list[CallEvent]:
    """In the order they happened."""
    reader = request.deps.messaging.call_timeline
    view = await reader.read(request.caller, request.account.sid, request.path["CallSid"])
    if view is None:
        raise ApiError(20404)
    after = 0 if cursor.before is None else int(cursor.before[2:], 16)
    exchanges = sorted(_exchanges(view), key=lambda exchange: exchange.at_ms)
    shown = list(enumerate(exchanges, 1))[after : after + cursor.limit]
    return [_shown(number, exchange) for number, exchange in shown]


def _exchanges(view: CallTimelineView) -> list[Exchange]:
    attempts: list[Attempt | None] = [step.detail.attempt for step in view.steps if step.detail is not None]
    attempts += [attempt.attempt for webhook in view.webhooks for attempt in webhook.attempts]
    return [exchange for attempt in attempts if attempt is not None for exchange in attempt.exchanges]


def _shown(number: int, exchange: Exchange) -> CallEvent:
    headers = {name.lower(): value for name, value in exchange.headers}
    parameters = dict(parse_qsl(exchange.body.decode("utf-8", "replace"), keep_blank_values=True))
    event = CallEvent(
        request={"method": exchange.method, "url": exchange.url, "parameters": parameters},
        response={
            "response_code": exchange.status,
            "request_duration": None if exchange.total_ms is None else round(exchange.total_ms),
            "content_type": headers.get("content-type"),
            "response_body": exchange.answer.decode("utf-8", "replace"),
            "date_created": rfc2822(exchange.at_ms),
        },
    )
    event.__dict__["number"] = number
    return event

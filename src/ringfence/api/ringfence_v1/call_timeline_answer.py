"""The shape of a call timeline's JSON. Reference: docs/reference/timeline.md. Times are ISO 8601 in UTC."""

from typing import Literal

import msgspec

from ringfence.api.ringfence_v1.timeline_answer import Exchange, Problem, Step, Webhook


class Began(Step, tag="began"):
    """A program asked for the call, or a line brought it."""

    direction: str


class Happened(Step, tag="happened"):
    """A step of the call. `text` says what happened, or is the document that came.

    `kind` is status, document, verb, key, sip, media, webhook, warning or error. `line` and `column` count from 1 in
    the document of `document_url`, or are null; `exchanges` are the requests of a step of kind webhook. `opened` is
    false where this credential does not open the step: then all of that is absent.
    """

    kind: str
    opened: bool
    text: str
    line: int | None
    column: int | None
    document_url: str
    fields: list[tuple[str, str]]
    exchanges: list[Exchange] | None
    exchanges_left_out: int
    problem: Problem | None


class Recording(msgspec.Struct, kw_only=True):
    """A recording of the call."""

    sid: str
    status: str
    channels: int
    source: str
    started_at: str
    duration_ms: int | None
    uri: str


class Child(msgspec.Struct, kw_only=True):
    """A call that this one's Dial made."""

    sid: str
    status: str
    url: str


class CallTimeline(msgspec.Struct, kw_only=True):
    """A call and everything that happened to it, oldest first."""

    account_sid: str
    call_sid: str
    parent_call_sid: str | None
    direction: str
    status: str
    final: bool
    from_: str | None = msgspec.field(name="from")
    to: str | None
    began_at: str
    answered_at: str | None
    ended_at: str | None
    route: str
    sip_status: int | None
    opened: bool
    problem: Problem | None
    recordings: list[Recording]
    children: list[Child]
    steps: list[Began | Happened | Webhook]
    url: str

    def __repr__(self) -> str:
        return f"CallTimeline({self.call_sid})"


class CallReplay(msgspec.Struct, kw_only=True):
    """The event is pending again."""

    event_id: int
    call_sid: str
    state: Literal["pending"]

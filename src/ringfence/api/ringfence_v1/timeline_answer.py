"""The shape of a timeline's JSON. Reference: docs/reference/timeline.md. Times are ISO 8601 in UTC, milliseconds."""

from typing import Literal

import msgspec


class Problem(msgspec.Struct, kw_only=True):
    """An error by Twilio's code, with what usually lies behind it and what mends it."""

    code: int | None
    message: str
    cause: str | None = None
    fix: str | None = None
    more_info: str | None = None


class Quote(msgspec.Struct, kw_only=True):
    """A line of an answer, and the column in it that is meant."""

    text: str
    column: int


class Finding(msgspec.Struct, kw_only=True):
    """Something wrong with an answer; `line` and `column` count from 1, or are null."""

    problem: Problem
    line: int | None
    column: int | None
    quote: Quote | None


class Timing(msgspec.Struct, kw_only=True):
    """Milliseconds; null where a phase did not happen, as on a connection that is used again."""

    dns_ms: float | None
    tcp_ms: float | None
    tls_ms: float | None
    first_byte_ms: float | None
    total_ms: float | None


class Request(msgspec.Struct, kw_only=True):
    """What was asked. `signature_base` is what `signature` is over, without the key."""

    method: str
    url: str
    parameters: list[tuple[str, str]]
    signature: str
    signature_base: str | None


class Response(msgspec.Struct, kw_only=True):
    """What was answered: of a body of `body_bytes`, the beginning."""

    status: int
    headers: list[tuple[str, str]]
    body: str
    body_bytes: int
    truncated: bool


class Exchange(msgspec.Struct, kw_only=True):
    """One request of an attempt. `connection` is new or reused; `response` is null where there was none."""

    at: str
    connection: Literal["new", "reused"]
    timing: Timing
    request: Request
    response: Response | None
    problem: Problem | None
    findings: list[Finding]


class Attempt(msgspec.Struct, kw_only=True):
    """One attempt to tell an event. `exchanges` is null where their detail was not kept, or does not open."""

    at: str
    state: Literal["done", "pending", "dead"]
    duration_ms: int
    http_status: int | None
    problem: Problem | None
    exchanges: list[Exchange] | None
    exchanges_left_out: int
    replies: list[str]


class Step(msgspec.Struct, kw_only=True, tag_field="type"):
    """Something that happened at `at`."""

    at: str


class Accepted(Step, tag="accepted"):
    """A program sent the text; it was written down. `due_at` is set where it was scheduled."""

    due_at: str | None


class Arrived(Step, tag="arrived"):
    """A handset sent the text; the carrier brought it."""

    carrier: str
    carrier_ref: str | None


class Submitted(Step, tag="submit"):
    """The text was handed to the carrier at `at`, which answered at `answered_at`."""

    answered_at: str
    carrier: str
    carrier_ref: str
    status: str
    raw: str
    effect: Literal["applied", "duplicate", "late"]
    problem: Problem | None


class Receipt(Step, tag="receipt"):
    """The carrier's receipt, which is of `at` by the carrier's clock and came at `received_at`."""

    received_at: str
    carrier_ref: str
    status: str
    raw: str
    effect: Literal["applied", "duplicate", "late"]
    problem: Problem | None


class Ended(Step, tag="ended"):
    """The text came to its end here, without the carrier: canceled, or failed before it was handed over."""

    status: str
    problem: Problem | None


class Webhook(Step, tag="webhook"):
    """An event that the tenant's program is told. `next_attempt_at` is set while it is pending."""

    event_id: int
    event: str
    sequence: int
    state: Literal["done", "pending", "dead"]
    next_attempt_at: str | None
    replay_url: str
    attempts: list[Attempt]


class Timeline(msgspec.Struct, kw_only=True):
    """A text and everything that happened to it, oldest first."""

    account_sid: str
    message_sid: str
    direction: str
    status: str
    final: bool
    from_: str | None = msgspec.field(name="from")
    to: str | None
    body: str | None
    redacted: bool
    opened: bool
    problem: Problem | None
    steps: list[Accepted | Arrived | Submitted | Receipt | Ended | Webhook]
    url: str

    def __repr__(self) -> str:
        return f"Timeline({self.message_sid})"


class Replay(msgspec.Struct, kw_only=True):
    """The event is pending again."""

    event_id: int
    message_sid: str
    state: str

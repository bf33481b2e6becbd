"""The life of a call: Twilio's statuses, and the one table of moves between them.

Source: Twilio, "Call resource", section "Call status values".
"""

from enum import StrEnum
from typing import Literal

import msgspec

from ringfence.domain.spoken_code import SpokenCode


class Status(StrEnum):
    """A call's status, spelled as Twilio's API spells it."""

    QUEUED = "queued"
    RINGING = "ringing"
    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    BUSY = "busy"
    FAILED = "failed"
    NO_ANSWER = "no-answer"
    CANCELED = "canceled"


class Direction(StrEnum):
    """Who started a call."""

    INBOUND = "inbound"
    OUTBOUND_API = "outbound-api"
    OUTBOUND_DIAL = "outbound-dial"


class Content(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """What only the tenant, and the voice process while the call is live, may read.

    Sealed as one field under the record's key. `to` and `sender` are E.164 numbers, `sip:` URIs or `client:`
    identities. What is "" is not set; `status_events` are the call progress events asked for, of initiated, ringing,
    answered and completed. `twiml` is a document given with the call; `url` is where to ask for one. `parameters` go
    with every request to the program, beside the call's own. `code` is set on a call that brings one, and runs no
    document of a program.
    """

    to: str
    sender: str
    url: str = ""
    method: str = "POST"
    fallback_url: str = ""
    fallback_method: str = "POST"
    twiml: str = ""
    status_callback: str = ""
    status_method: str = "POST"
    status_events: tuple[str, ...] = ()
    send_digits: str = ""
    timeout_s: int = 60
    time_limit_s: int = 14_400
    record: bool = False
    recording_channels: str = "mono"
    recording_track: str = "both"
    recording_callback: str = ""
    recording_callback_method: str = "POST"
    recording_events: tuple[str, ...] = ("completed",)
    trim: bool = False
    sip_username: str = ""
    sip_password: str = ""
    caller_name: str = ""
    forwarded_from: str = ""
    application_sid: str = ""
    parameters: tuple[tuple[str, str], ...] = ()
    code: SpokenCode | None = None

    def __repr__(self) -> str:
        return "Content(…)"


LIVE: frozenset[Status] = frozenset({Status.QUEUED, Status.RINGING, Status.IN_PROGRESS})
FINAL: frozenset[Status] = frozenset(Status) - LIVE

# Forward only; a call that is answered can only complete.
TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.QUEUED: frozenset(Status) - {Status.QUEUED},
    Status.RINGING: frozenset(Status) - {Status.QUEUED, Status.RINGING},
    Status.IN_PROGRESS: frozenset({Status.COMPLETED}),
    **dict.fromkeys(FINAL, frozenset()),
}


def may_become(before: Status, after: Status) -> bool:
    """True when a call in `before` may move to `after`."""
    return after in TRANSITIONS[before]


def final_status(sip_status: int, *, answered: bool) -> Status:
    """How a call ended, from the SIP status that ended it (200 after talking, 487 where it was called back)."""
    if answered:
        return Status.COMPLETED
    if sip_status in {486, 600}:
        return Status.BUSY
    if sip_status in {408, 480}:
        return Status.NO_ANSWER
    return Status.CANCELED if sip_status == 487 else Status.FAILED


class Order(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """A document that a live call is to run now, and what else the tenant changed about it. "" leaves as it was."""

    url: str = ""
    method: str = "POST"
    fallback_url: str = ""
    fallback_method: str = ""
    twiml: str = ""
    status_callback: str = ""
    status_method: str = ""
    time_limit_s: int = 0

    def __repr__(self) -> str:
        return "Order(…)"


class RecordingOptions(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """How a recording is made, and whom to tell of it. `events` are of in-progress, completed and absent."""

    channels: int = 1
    track: str = "both"
    trim: bool = False
    callback: str = ""
    method: str = "POST"
    events: tuple[str, ...] = ("completed",)

    @property
    def made_channels(self) -> Literal[1, 2]:
        """How many channels it gets: a single track has one, whatever was asked for.

        Source: Twilio, "How to record a single side of a call".
        """
        return 2 if self.channels == 2 and self.track == "both" else 1

    def __repr__(self) -> str:
        return f"RecordingOptions({self.channels})"

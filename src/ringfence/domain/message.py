"""The life of a text: Twilio's statuses, and the one table of moves between them.

Source: Twilio, "Message resource", section "Message status values".
"""

from enum import StrEnum

import msgspec

from ringfence.domain.written_code import WrittenCode


class Status(StrEnum):
    """A message's status, spelled as Twilio's API spells it."""

    ACCEPTED = "accepted"
    SCHEDULED = "scheduled"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    RECEIVING = "receiving"
    RECEIVED = "received"
    CANCELED = "canceled"
    READ = "read"
    PARTIALLY_DELIVERED = "partially_delivered"


class Direction(StrEnum):
    """Who started a message."""

    INBOUND = "inbound"
    OUTBOUND_API = "outbound-api"
    OUTBOUND_CALL = "outbound-call"
    OUTBOUND_REPLY = "outbound-reply"


class Content(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """What only the tenant, and the dispatcher while it is in flight, may read.

    Sealed as one field under the record's key; `remote` is the number at the other end
    (To of an outbound message, From of an inbound one). `code` is set on a text that brings one: `body` then shows dots
    in its place, and the text itself is made when it is submitted.
    """

    remote: str
    body: str
    status_callback: str | None = None
    media_urls: tuple[str, ...] = ()
    code: WrittenCode | None = None

    def __repr__(self) -> str:
        return "Content(…)"


# Forward only. A waiting message may skip steps, but is not delivered before it was sent: a receipt that overtakes
# the answer to its submit is offered again.
_SUBMITTED = frozenset({Status.SENDING, Status.SENT, Status.UNDELIVERED, Status.FAILED})

TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.ACCEPTED: _SUBMITTED | {Status.SCHEDULED, Status.QUEUED, Status.CANCELED},
    Status.SCHEDULED: _SUBMITTED | {Status.QUEUED, Status.CANCELED},
    Status.QUEUED: _SUBMITTED | {Status.CANCELED},
    Status.SENDING: _SUBMITTED - {Status.SENDING} | {Status.DELIVERED},
    Status.SENT: frozenset({Status.DELIVERED, Status.UNDELIVERED, Status.FAILED, Status.PARTIALLY_DELIVERED}),
    Status.PARTIALLY_DELIVERED: frozenset({Status.DELIVERED, Status.UNDELIVERED, Status.READ}),
    Status.DELIVERED: frozenset({Status.READ}),
    Status.UNDELIVERED: frozenset(),
    Status.FAILED: frozenset(),
    Status.RECEIVING: frozenset({Status.RECEIVED, Status.FAILED}),
    Status.RECEIVED: frozenset({Status.READ}),
    Status.CANCELED: frozenset(),
    Status.READ: frozenset(),
}

FINAL: frozenset[Status] = frozenset(
    {Status.DELIVERED, Status.UNDELIVERED, Status.FAILED, Status.RECEIVED, Status.CANCELED, Status.READ}
)


def may_become(before: Status, after: Status) -> bool:
    """True when a message in `before` may move to `after`."""
    return after in TRANSITIONS[before]

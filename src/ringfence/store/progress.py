"""What an outcome does to a message: one pure rule, the same in every store."""

from typing import Protocol

import msgspec

from ringfence.domain.message import FINAL, Direction, Status, may_become
from ringfence.ports.store import Lease, NewEvent, Outcome, RatedRow

WAITING: frozenset[Status] = frozenset({Status.ACCEPTED, Status.SCHEDULED, Status.QUEUED, Status.SENDING})
"""Statuses of an outbound message that still stands in its sender queue."""

TOLD: frozenset[Status] = frozenset(
    {Status.SENT, Status.DELIVERED, Status.UNDELIVERED, Status.FAILED, Status.CANCELED},
)
"""Statuses of which a StatusCallback tells."""


class Moving(Protocol):
    """What of a message decides, and changes with, an outcome: a `MessageRow`, or its columns in a `Progress`."""

    @property
    def account(self) -> str: ...
    @property
    def sid(self) -> str: ...
    @property
    def created_ms(self) -> int: ...
    @property
    def direction(self) -> Direction: ...
    @property
    def status(self) -> Status: ...
    @property
    def local(self) -> str: ...
    @property
    def carrier(self) -> str: ...
    @property
    def carrier_ref(self) -> str | None: ...
    @property
    def error_code(self) -> int | None: ...
    @property
    def price_micros(self) -> int | None: ...
    @property
    def price_unit(self) -> str: ...
    @property
    def num_segments(self) -> int: ...
    @property
    def sequence(self) -> int: ...
    @property
    def sent_ms(self) -> int | None: ...
    @property
    def has_callback(self) -> bool: ...


class Progress(msgspec.Struct, frozen=True, array_like=True):
    """The columns of `Moving`, in this order, and how long the message's trail is."""

    account: str
    sid: str
    created_ms: int
    direction: Direction
    status: Status
    local: str
    carrier: str
    carrier_ref: str | None
    error_code: int | None
    price_micros: int | None
    price_unit: str
    num_segments: int
    sequence: int
    sent_ms: int | None
    has_callback: bool
    trail_characters: int = 0


class Change(msgspec.Struct, frozen=True, array_like=True):
    """New values of a message's columns. `queued` tells whether it stays in its sender queue."""

    account: str
    sid: str
    status: Status
    updated_ms: int
    sent_ms: int | None
    error_code: int | None
    carrier_ref: str | None
    price_micros: int | None
    sequence: int
    queued: bool
    final: bool
    trail: str


def is_queued(direction: Direction, status: Status) -> bool:
    """True when a message of that kind stands in its sender queue."""
    return direction is not Direction.INBOUND and status in WAITING


def in_queue_of(lease: Lease, message: Moving) -> bool:
    """True when `message` belongs to the sender queue of `lease`."""
    return (message.account, message.local, message.carrier) == (lease.account, lease.sender, lease.carrier)


def change_by(message: Moving, outcome: Outcome) -> Change | None:
    """What `outcome` makes of `message`; None where the table of moves does not allow it."""
    if not may_become(message.status, outcome.status):
        return None
    sent_ms = message.sent_ms
    if sent_ms is None and outcome.status in (Status.SENT, Status.DELIVERED):
        sent_ms = outcome.at_ms
    return Change(
        account=message.account,
        sid=message.sid,
        status=outcome.status,
        updated_ms=outcome.at_ms,
        sent_ms=sent_ms,
        error_code=message.error_code if outcome.error_code is None else outcome.error_code,
        carrier_ref=message.carrier_ref if outcome.carrier_ref is None else outcome.carrier_ref,
        price_micros=message.price_micros if outcome.price_micros is None else outcome.price_micros,
        sequence=message.sequence + (outcome.status in TOLD),
        queued=is_queued(message.direction, outcome.status),
        final=outcome.status in FINAL,
        trail=outcome.trail,
    )


def event_of(message: Moving, change: Change, outcome: Outcome) -> NewEvent | None:
    """The event the tenant is told of `change`, if any."""
    if not message.has_callback or change.status not in TOLD:
        return None
    return NewEvent(
        kind=f"message.{change.status}",
        sequence=change.sequence,
        at_ms=outcome.at_ms,
        error_code=change.error_code,
    )


def rated_of(message: Moving, status: Status, price_micros: int | None, at_ms: int) -> RatedRow | None:
    """The rated record of a message in `status`; None while that is not final. A message without a price costs 0."""
    if status not in FINAL:
        return None
    return RatedRow(
        account=message.account,
        sid=message.sid,
        price_micros=price_micros or 0,
        price_unit=message.price_unit,
        segments=message.num_segments,
        status=status.value,
        at_ms=at_ms,
    )

"""The life of a verification: Twilio's statuses, and the moves between them.

A verification is pending until it is approved or over, for ten minutes at most; only a pending one can be sent again or
checked. One whose checks are used up still holds its number until its time is up or it is canceled: else whoever
guesses would begin another. Source: Twilio, Verify v2, "Verification resource", "Verification check resource".
"""

from enum import StrEnum
from typing import Final

import msgspec

SENDS_MAX: Final = 5
DOTS: Final = "••••••"
"""What stands where a code stood, however long it was."""


class Status(StrEnum):
    """A verification's status, spelled as Twilio's API spells it."""

    PENDING = "pending"
    APPROVED = "approved"
    CANCELED = "canceled"
    EXPIRED = "expired"
    MAX_ATTEMPTS_REACHED = "max_attempts_reached"
    DELETED = "deleted"
    FAILED = "failed"


class Attempt(msgspec.Struct, frozen=True, array_like=True):
    """One sending of the code. `sid` begins with VL; a text has it as its own, a call has its digits after CA.

    `origins` are names of what it came from, as the fraud guard counts it: blind indexes. `stepped_from` is the
    stronger way to sign in that its user had, "" where there was none. `code_length` is how many characters its code
    has, 0 where that was not kept. `locale` is the language of a later attempt, sealed in epoch `epoch`; that of the
    first is in its verification's `Secret`.
    """

    sid: str
    channel: str
    at_ms: int
    origins: tuple[str, ...] = ()
    stepped_from: str = ""
    code_length: int = 0
    epoch: int = 0
    locale: bytes = b""


class Secret(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """What only the tenant may read of a verification: sealed under its record key. The code is not in it.

    `locale` is the language its first attempt was to be told in, "" where that was not kept. Where `Attempt` does not
    say how many characters the code has, `code_length` does.
    """

    to: str
    amount: str = ""
    payee: str = ""
    tags: str = ""
    locale: str = ""
    code_length: int = 0

    def __repr__(self) -> str:
        return "Secret(…)"


def may_become(before: Status, after: Status) -> bool:
    """True when a verification in `before` may move to `after`: forward only."""
    if before is Status.MAX_ATTEMPTS_REACHED:
        return after in {Status.CANCELED, Status.DELETED}
    return before is Status.PENDING and after is not Status.PENDING


def status_at(status: Status, expires_ms: int, now_ms: int) -> Status:
    """What a stored status means now: a pending verification whose time is up has expired, written down or not."""
    return Status.EXPIRED if status is Status.PENDING and now_ms >= expires_ms else status


def call_sid(attempt_sid: str) -> str:
    """The SID of the call that an attempt is."""
    return f"CA{attempt_sid[2:]}"


def attempt_sid(sid: str) -> str:
    """The SID of the attempt that a call is."""
    return f"VL{sid[2:]}"

"""A challenge: one question to one factor, answered once or never.

It is pending until it is approved or denied, or its time is up: five minutes, sixty at most.
Source: Twilio, Verify v2, "Challenge resource".
"""

from enum import StrEnum
from typing import Final

import msgspec

LIFE_MS: Final = 300_000
LIFE_MAX_MS: Final = 3_600_000


class ChallengeStatus(StrEnum):
    """A challenge's status, spelled as Twilio's API spells it."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"


class ChallengeSecret(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """What only the tenant may read of a challenge: sealed under its record key.

    `details` and `hidden_details` are JSON objects. `state` is what the factor's kind keeps to check the answer with:
    a passkey's options.
    """

    details: str = "{}"
    hidden_details: str = "{}"
    state: str = ""

    def __repr__(self) -> str:
        return "ChallengeSecret(…)"


def may_become(before: ChallengeStatus, after: ChallengeStatus) -> bool:
    """True when a challenge in `before` may move to `after`: a pending one ends, once."""
    return before is ChallengeStatus.PENDING and after is not ChallengeStatus.PENDING


def status_at(status: ChallengeStatus, expires_ms: int, now_ms: int) -> ChallengeStatus:
    """What a stored status means now: a pending challenge whose time is up has expired, written down or not."""
    if status is ChallengeStatus.PENDING and now_ms >= expires_ms:
        return ChallengeStatus.EXPIRED
    return status

"""Verifications at rest. Part of the store (`ports.store`): an awaited write has been fsynced.

No code is here: `ports.verification_codes` has them. Source: Twilio, Verify v2, "Verification resource".
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from ringfence.domain.verification import Attempt, Status


class VerificationRow(msgspec.Struct, frozen=True, kw_only=True):
    """A verification. `to_index` is the blind index of the number (table `verify_to`); `region` is its country.

    `content` is a sealed `domain.verification.Secret` of epoch `epoch`. `channel` is that of the last attempt.
    """

    account: str
    sid: str
    service: str
    to_index: bytes
    channel: str
    status: Status
    region: str
    epoch: int
    content: bytes
    attempts: tuple[Attempt, ...]
    created_ms: int
    updated_ms: int
    expires_ms: int

    def __repr__(self) -> str:
        return f"VerificationRow({self.sid}, {self.status.value})"


class VerificationStore(Protocol):
    """Verifications of accounts. At most one holds a number for a service."""

    async def begin_verification(self, row: VerificationRow) -> VerificationRow:
        """`row`, written; or the one that holds its number already, and nothing is written.

        One whose time is up by `row.created_ms` lets go of it first: a pending one has expired.
        """

    async def verification(self, account: str, sid: str) -> VerificationRow | None: ...

    async def verifications_of(self, keys: Sequence[tuple[str, str]]) -> list[VerificationRow | None]:
        """One answer for each (account, sid), in order."""

    async def held_verification(
        self, account: str, service: str, to_index: bytes, now_ms: int
    ) -> VerificationRow | None:
        """The one that holds the number, pending or with its checks used up, and whose time is not up."""

    async def attempt_verification(
        self, account: str, sid: str, attempt: Attempt, limit: int
    ) -> VerificationRow | None:
        """Add an attempt to a pending one that has fewer than `limit`: the row as it is then, else None."""

    async def move_verification(self, account: str, sid: str, status: Status, at_ms: int) -> VerificationRow | None:
        """Move it where `domain.verification` allows that: the row as it is then, else None.

        What is moved lets go of its number, but for one whose checks are used up.
        """

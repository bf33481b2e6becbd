"""Leaves to make a factor that are still good, at rest. Part of the store (`ports.store`).

The token itself is nowhere here. Source: Twilio, Verify v2, "Access Token resource".
"""

from typing import Protocol

import msgspec


class EnrolmentRow(msgspec.Struct, frozen=True, kw_only=True):
    """A leave (YK…), good until `expires_ms` (Unix). `content` is a sealed `domain.device_token.EnrolmentSecret` of
    epoch `epoch`; `identity_index` is that of the entity (table `verify_entity`) that it is for, there or not."""

    account: str
    sid: str
    service: str
    epoch: int
    content: bytes
    created_ms: int
    expires_ms: int
    identity_index: bytes

    def __repr__(self) -> str:
        return f"EnrolmentRow({self.sid})"


class EnrolmentStore(Protocol):
    """Leaves of accounts. What is in another service or account is not there.

    `FactorStore.delete_entity` erases those for the entity with it.
    """

    async def keep_enrolment(self, row: EnrolmentRow) -> None:
        """Write a new leave, and erase those of every account whose time was up when it was made."""

    async def enrolment(self, account: str, service: str, sid: str, now_ms: int) -> EnrolmentRow | None:
        """The leave; None from `expires_ms` on, whether or not it was erased yet."""

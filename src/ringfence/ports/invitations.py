"""Invitations: an account that an operator lets somebody make, whose secrets no operator sees."""

from collections.abc import Sequence
from typing import Protocol

import msgspec


class InvitationRow(msgspec.Struct, frozen=True, kw_only=True):
    """`digest` is the SHA-256 of the link's secret, `name` what the account will be called.

    Once taken it has `taken_ms`, and `account`, the SID that was chosen for what is being made.
    """

    id: str
    digest: bytes
    name: str
    created_ms: int
    expires_ms: int
    taken_ms: int = 0
    account: str = ""

    def is_open(self, now_ms: int) -> bool:
        """Whether it may still be taken."""
        return self.taken_ms == 0 and now_ms < self.expires_ms

    def __repr__(self) -> str:
        return f"InvitationRow({self.id})"


class InvitationStore(Protocol):
    """Few rows at any time."""

    async def put_invitation(self, row: InvitationRow) -> None:
        """Keep a new one."""

    async def invitation(self, digest: bytes) -> InvitationRow | None:
        """The one of that secret, if any. It is only looked at: `take_invitation` decides."""

    async def take_invitation(self, digest: bytes, account: str, at_ms: int) -> bool:
        """Take it for `account`, once: False where it was taken, ended before `at_ms`, or never was."""

    async def delete_invitation(self, invitation: str) -> bool:
        """Forget the one of that ID. False where there is none."""

    async def invitations(self) -> Sequence[InvitationRow]:
        """All of them, the newest first."""

"""Invitations: an account that an operator lets somebody make, whose secrets no operator sees."""

from collections.abc import Sequence
from typing import Protocol

import msgspec


class InvitationRow(msgspec.Struct, frozen=True, kw_only=True):
    """`name` is what the account will be called, `invited_by` who of staff invited, `terminal` for none of them.

    Once taken it has `taken_ms`, and `account`, the SID that was chosen for what is being made.
    """

    id: str
    name: str
    invited_by: str
    created_ms: int
    expires_ms: int
    taken_ms: int = 0
    account: str = ""

    def is_open(self, now_ms: int) -> bool:
        """Whether it may still be taken."""
        return self.taken_ms == 0 and now_ms < self.expires_ms

    def __repr__(self) -> str:
        return f"InvitationRow({self.id})"


class Invitations(Protocol):
    """What whoever invites needs: none of it takes an invitation, or says by what one is taken."""

    async def put_invitation(self, row: InvitationRow, digest: bytes) -> None:
        """Keep a new one, open; `digest` is the SHA-256 of the link's secret."""

    async def delete_invitation(self, invitation: str) -> bool:
        """Forget the one of that ID. False where there is none, and where it was taken: that stays on record."""

    async def invitations(
        self, *, before: str | None = None, limit: int = 50, open_at_ms: int | None = None
    ) -> Sequence[InvitationRow]:
        """The newest first, those before the one of that ID; with `open_at_ms` those alone that are open then."""


class InvitationStore(Invitations, Protocol):
    """Few rows at any time."""

    async def invitation(self, digest: bytes) -> InvitationRow | None:
        """The one of that secret, if any. It is only looked at: `take_invitation` decides."""

    async def take_invitation(self, digest: bytes, account: str, at_ms: int) -> bool:
        """Take it for `account`, once: False where it was taken, ended before `at_ms`, or never was."""

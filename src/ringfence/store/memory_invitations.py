"""Invitations, in memory."""

from collections.abc import Sequence

from msgspec.structs import replace

from ringfence.ports.invitations import InvitationRow


class MemoryInvitations:
    """`ports.invitations.InvitationStore` over a dictionary."""

    def __init__(self) -> None:
        self._invitations: dict[bytes, InvitationRow] = {}

    async def put_invitation(self, row: InvitationRow) -> None:
        self._invitations[row.digest] = row

    async def invitation(self, digest: bytes) -> InvitationRow | None:
        return self._invitations.get(digest)

    async def take_invitation(self, digest: bytes, account: str, at_ms: int) -> bool:
        row = self._invitations.get(digest)
        if row is None or not row.is_open(at_ms):
            return False
        self._invitations[digest] = replace(row, account=account, taken_ms=at_ms)
        return True

    async def delete_invitation(self, invitation: str) -> bool:
        found = [digest for digest, row in self._invitations.items() if row.id == invitation]
        for digest in found:
            del self._invitations[digest]
        return bool(found)

    async def invitations(self) -> Sequence[InvitationRow]:
        return sorted(self._invitations.values(), key=lambda row: row.id, reverse=True)

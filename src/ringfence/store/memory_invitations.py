"""Invitations, in memory."""

from collections.abc import Sequence

from msgspec.structs import replace

from ringfence.ports.invitations import InvitationRow


class MemoryInvitations:
    """`ports.invitations.InvitationStore` over a dictionary."""

    def __init__(self) -> None:
        self._invitations: dict[bytes, InvitationRow] = {}

    async def put_invitation(self, row: InvitationRow, digest: bytes) -> None:
        self._invitations[digest] = row

    async def invitation(self, digest: bytes) -> InvitationRow | None:
        return self._invitations.get(digest)

    async def take_invitation(self, digest: bytes, account: str, at_ms: int) -> bool:
        row = self._invitations.get(digest)
        if row is None or not row.is_open(at_ms):
            return False
        self._invitations[digest] = replace(row, account=account, taken_ms=at_ms)
        return True

    async def delete_invitation(self, invitation: str) -> bool:
        found = [digest for digest, row in self._invitations.items() if row.id == invitation and not row.taken_ms]
        for digest in found:
            del self._invitations[digest]
        return bool(found)

    async def invitations(
        self, *, before: str | None = None, limit: int = 50, open_at_ms: int | None = None
    ) -> Sequence[InvitationRow]:
        ordered = sorted(self._invitations.values(), key=lambda row: row.id, reverse=True)
        return [
            row
            for row in ordered
            if (before is None or row.id < before) and (open_at_ms is None or row.is_open(open_at_ms))
        ][:limit]

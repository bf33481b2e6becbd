"""Keys that an approver's browser sealed for one session of staff, as the console has the key service keep them.

The key service opens none of them, and nobody opens them without it. Until the grant ends it hands boxes to that
session, and writes down which before it does. Then it deletes them.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from ringfence.domain.sealing.grant import GrantBinding, SealedGrant

BOXES_AT_ONCE = 400


class KeptGrant(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept: whose and for whom (`binding`), the sealed keys, and the member that approved."""

    binding: GrantBinding
    sealed: SealedGrant
    approver: str

    def __repr__(self) -> str:
        return f"KeptGrant({self.binding.grant})"


class GrantKeys(Protocol):
    """For the console, which can open none of it.

    Raises KeyRefusedError (no such grant, another session's, ended) and ConnectionError (the service is away, or cannot
    write its ledger: nothing was released).
    """

    async def grant_keeper(self) -> bytes:
        """The public key of the hybrid to which browsers seal what is for the key service."""

    async def keep_grant(self, grant: KeptGrant) -> None:
        """Keep it until it expires. Once only: KeyRefusedError for a grant that was kept before, ended or not.

        ValueError for what no browser of ours makes: other lengths, more than 5,000 boxes, more than 480 minutes, a lid
        of another grant.
        """

    async def grant_boxes(self, grant: str, session: str, names: Sequence[str], staff: str = "") -> SealedGrant:
        """Lid and boxes of these names, for the session that the grant is for. `grant_open` is in the ledger by then.

        What a member shared is for any session of staff: then `staff` is who opens it, else nobody need say so.

        The lid is without the key service's seal. ValueError for more than `BOXES_AT_ONCE`, or none. KeyRefusedError
        where one of the names is not in the grant.
        """

    async def end_grant(self, grant: str, actor: str) -> None:
        """Delete the keys now. Again, or for a grant that is not kept, a no-op.

        `actor` is who ends it, `member:ID` or `staff:ID`; ValueError for another.
        """

    async def end_grants(self, actor: str, session: str = "", staff: str = "", account: str = "") -> int:
        """End all grants of a session, a staff member or an account; how many. ValueError where none is given.

        `actor` as for `end_grant`.
        """

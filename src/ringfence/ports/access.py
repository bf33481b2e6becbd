"""Where the consoles keep grants."""

from collections.abc import Sequence
from typing import Protocol

from ringfence.domain.access.grant import Grant


class GrantStore(Protocol):
    """Grants as they were last written; `domain.access.grant.settled` says what one means now.

    ConnectionError where it cannot be read or written.
    """

    async def add_grant(self, grant: Grant, now_ms: int) -> None:
        """Keep a new one. In the same transaction, `domain.access.limits.check_limits`: AccessRefusedError."""

    async def add_shared(self, grant: Grant, now_ms: int) -> None:
        """Keep one that a member shared unasked. AccessRefusedError for a SID that there is, and for more than twenty
        of one tenant that last, or a hundred within a day."""

    async def grant(self, sid: str) -> Grant | None:
        """One by its SID."""

    async def replace_grant(self, before: Grant, after: Grant) -> bool:
        """Write what became of one, unless it changed since: then False, and nothing is written."""

    async def grants_of_tenant(self, tenant: str, before: str, limit: int) -> Sequence[Grant]:
        """The newest first, from before a SID on; "" for the newest of all."""

    async def grants_of_staff(self, staff: str, before: str, limit: int) -> Sequence[Grant]:
        """As `grants_of_tenant`, of one who asks; "" for all staff."""

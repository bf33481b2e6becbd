"""Where the key service writes down who opened what, before it lets go of a key."""

from collections.abc import Sequence
from typing import Protocol

import msgspec


class AccessEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One opening: `actor` is a credential or `dispatcher`, `scope` names what was opened."""

    at_ms: int
    account: str
    actor: str
    verb: str
    scope: tuple[str, ...] = ()


class Ledger(Protocol):
    """Append-only and synced. OSError means: fail closed."""

    async def append(self, entries: Sequence[AccessEntry]) -> None:
        """Return only when the entries are on disk."""

    def append_later(self, entry: AccessEntry) -> None:
        """Queue a delivery opening in bounded memory; an overflow is itself written as a gap."""

"""What an operator sees of all accounts: how much waits. Part of the store, reads alone.

Nothing of it leads from a number to an account, and nothing of it is content.
"""

from typing import Protocol

import msgspec


class Backlog(msgspec.Struct, frozen=True, kw_only=True):
    """What waits, of all accounts. `oldest_text_ms` is when the text that waits longest was due, None without any.

    `dead_events` failed for good and are kept. Live calls are queued, ringing or in progress.
    """

    texts: int
    oldest_text_ms: int | None
    events: int
    dead_events: int
    live_calls: int


class OversightStore(Protocol):
    """Counts over rows of accounts."""

    async def backlog(self) -> Backlog:
        """As it is now. It reads what waits, one by one: of a million that takes a second."""

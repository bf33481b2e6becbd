"""What an operator sees of all accounts: how much waits, and how much each one sends. Part of the store, reads alone.

Nothing of it leads from a number to an account, and nothing of it is content.
"""

from typing import Final, Protocol

import msgspec

from ringfence.domain.message import Status

DAY_MS: Final = 86_400_000


class Backlog(msgspec.Struct, frozen=True, kw_only=True):
    """What waits, of all accounts. `oldest_text_ms` is when the text that waits longest was due, None without any.

    `dead_events` failed for good and are kept. Live calls are queued, ringing or in progress.
    """

    texts: int
    oldest_text_ms: int | None
    events: int
    dead_events: int
    live_calls: int


class DayCount(msgspec.Struct, frozen=True, kw_only=True):
    """So many texts of one status, of those that were accepted within a day, UTC, that began at `day_ms`."""

    day_ms: int
    inbound: bool
    status: Status
    count: int


class OversightStore(Protocol):
    """Counts over rows of accounts."""

    async def backlog(self) -> Backlog:
        """As it is now. It reads what waits, one by one: of a million that takes a second."""

    async def texts_by_day(self, account: str, from_ms: int, to_ms: int) -> list[DayCount]:
        """Texts of one account, those that bring codes too, accepted in [`from_ms`, `to_ms`); the latest day first."""

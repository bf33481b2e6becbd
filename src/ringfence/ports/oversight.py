"""What an operator sees of all accounts: how much waits. Part of the store, reads alone.

Nothing of it leads from a number to an account, and nothing of it is content.
"""

from collections.abc import Sequence
from typing import Final, Protocol

import msgspec

DEPTH_MAX: Final = 10_000
# Some tens of milliseconds in SQLite, which nothing else in the process has meanwhile.
TENANTS_LOOKED: Final = 25_000


class Backlog(msgspec.Struct, frozen=True, kw_only=True):
    """What waits, of all accounts. `oldest_text_ms` is when the text that waits longest was due, None without any.

    `dead_events` failed for good and are kept. Live calls are queued, ringing or in progress.
    """

    texts: int
    oldest_text_ms: int | None
    events: int
    dead_events: int
    live_calls: int


class QueueState(msgspec.Struct, frozen=True, kw_only=True):
    """A sender queue in which something waits: `depth` texts, `DEPTH_MAX` at most, the first of them due at `next_ms`.

    `owner` is the dispatcher that holds it until `until_ms`, "" for nobody. `sender` is the tenant's own number.
    """

    account: str
    sender: str
    carrier: str
    next_ms: int
    owner: str
    until_ms: int
    depth: int

    @property
    def place(self) -> "QueuePlace":
        """Where it stands among the others."""
        return self.next_ms, self.account, self.sender, self.carrier


QueuePlace = tuple[int, str, str, str]


class TenantFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which tenants: of that `status`, made since then, and whose SID and name begin so. What is empty asks nothing.

    Of a name's letters those of ASCII are the same small and large.
    """

    status: str = ""
    since_ms: int = 0
    sid: str = ""
    name: str = ""


class QueueFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which sender queues: of that account and that carrier. What is empty asks nothing."""

    account: str = ""
    carrier: str = ""


ANY_QUEUE: Final = QueueFilter()


class OversightStore(Protocol):
    """Counts over rows of accounts."""

    async def backlog(self) -> Backlog:
        """As it is now. It reads what waits, one by one: of a million that takes a second."""

    async def sender_queues(
        self, after: QueuePlace | None = None, *, wanted: QueueFilter = ANY_QUEUE, limit: int = 50
    ) -> Sequence[QueueState]:
        """Those in which something waits, the longest first, behind that place.

        It reads no more than `limit` of each carrier, or those of one account.
        """

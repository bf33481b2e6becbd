"""What members changed of who may use their accounts, taken in before somebody signs in: asked for once a second."""

import asyncio

from ringfence.domain.clock import Clock
from ringfence.ports.access_changes import AccessChanges
from ringfence.ports.store import QueueFullError, StoreFailedError
from ringfence.usecases.accounts.take_access import AccessStore, take_access

EVERY_MS = 1_000
UNASKED_S = 5.0


class AccessIntake:
    """Asks the key service where it was not asked for `EVERY_MS`."""

    def __init__(
        self, store: AccessStore, changes: AccessChanges, clock: Clock, *, unasked_s: float = UNASKED_S
    ) -> None:
        self._store = store
        self._changes = changes
        self._clock = clock
        self._unasked_s = unasked_s
        self._next_ms: int | None = None

    async def taken(self) -> None:
        """Return once what waited a moment ago is in the store, or cannot be now. Others meanwhile wait for nothing."""
        now_ms = self._clock.monotonic_ms()
        if self._next_ms is not None and now_ms < self._next_ms:
            return
        self._next_ms = now_ms + EVERY_MS
        try:
            await take_access(self._store, self._changes, self._clock)
        except (ConnectionError, QueueFullError, StoreFailedError):
            # Whoever signs in by what there is does so while the key service is away; the next second tries again.
            return

    async def keep_taking(self) -> None:
        """Until cancelled, also while nobody signs in: who names an address for notices is told without that."""
        while True:
            await self.taken()
            await asyncio.sleep(self._unasked_s)

"""Which credentials are frozen, as the API knows it: a second old at most."""

import asyncio
from collections.abc import Sequence

from ringfence.domain.clock import Clock
from ringfence.ports.freezes import FreezeRow, FreezeStore, is_frozen

HELD_MS = 1_000


class FrozenCredentials:
    """Reads freezes anew when what it has is older than `HELD_MS`. Frozen accounts are suspended: it is not asked."""

    def __init__(self, store: FreezeStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._reading = asyncio.Lock()
        self._held: Sequence[FreezeRow] = ()
        self._until_ms: int | None = None

    async def bars(self, credential: str) -> bool:
        """Whether it signs nobody in now. Where freezes are to be read first, everybody waits for that; what the store
        raises passes through, for nobody is let by on what is not known."""
        if not self._is_recent():
            async with self._reading:
                if not self._is_recent():
                    now_ms = self._clock.monotonic_ms()
                    self._held = await self._store.freezes()
                    self._until_ms = now_ms + HELD_MS
        return is_frozen(self._held, "key", credential)

    def _is_recent(self) -> bool:
        return self._until_ms is not None and self._clock.monotonic_ms() < self._until_ms

"""Which credentials are frozen, as the API knows it: a second old at most."""

from collections.abc import Sequence

from ringfence.domain.clock import Clock
from ringfence.ports.freezes import FreezeRow, FreezeStore, is_frozen

HELD_MS = 1_000


class FrozenCredentials:
    """Reads freezes anew when what it has is older than `HELD_MS`. Frozen accounts are suspended: it is not asked."""

    def __init__(self, store: FreezeStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._held: Sequence[FreezeRow] = ()
        self._until_ms: int | None = None

    async def bars(self, credential: str) -> bool:
        """Whether it signs nobody in now."""
        now_ms = self._clock.monotonic_ms()
        if self._until_ms is None or now_ms >= self._until_ms:
            self._until_ms = now_ms + HELD_MS
            self._held = await self._store.freezes()
        return is_frozen(self._held, "key", credential)

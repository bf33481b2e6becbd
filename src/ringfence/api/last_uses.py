"""When each credential was used last, written down once a minute at most."""

from ringfence.domain.clock import Clock
from ringfence.ports.store import AccountStore, QueueFullError, StoreFailedError

EVERY_MS = 60_000
_KNOWN_MAX = 20_000


class LastUses:
    """What this process has written down, and when."""

    def __init__(self, store: AccountStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._noted: dict[str, int] = {}

    async def note(self, account: str, credential: str) -> None:
        """The credential signs in now."""
        now_ms = self._clock.now_ms()
        if 0 <= now_ms - self._noted.get(credential, now_ms - EVERY_MS) < EVERY_MS:
            return
        if len(self._noted) >= _KNOWN_MAX:
            self._noted.clear()
        self._noted[credential] = now_ms
        try:
            await self._store.note_use(account, credential, now_ms)
        except (QueueFullError, StoreFailedError):
            # Whoever only reads is answered while nothing can be written; the next request tries again.
            self._noted.pop(credential, None)

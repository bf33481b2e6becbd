"""When each credential was used last, and from where, written down once a minute and network at most."""

from ringfence.domain.clock import Clock
from ringfence.domain.key_watch import network_of
from ringfence.ports.store import AccountStore, QueueFullError, StoreFailedError

EVERY_MS = 60_000
_KNOWN_MAX = 20_000


class LastUses:
    """What this process has written down, and when."""

    def __init__(self, store: AccountStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._noted: dict[tuple[str, str], int] = {}

    async def note(self, account: str, credential: str, client: str = "") -> None:
        """The credential signs in now, from the address `client`: without one no network is learnt."""
        network = network_of(client)
        use = credential, network
        now_ms = self._clock.now_ms()
        if 0 <= now_ms - self._noted.get(use, now_ms - EVERY_MS) < EVERY_MS:
            return
        if len(self._noted) >= _KNOWN_MAX:
            self._noted.clear()
        self._noted[use] = now_ms
        try:
            await self._store.note_use(account, credential, now_ms, network)
        except (QueueFullError, StoreFailedError):
            # Whoever only reads is answered while nothing can be written; the next request tries again.
            self._noted.pop(use, None)

"""From which networks each key that is watched was used before, as the store has it: a minute old at most."""

from ringfence.domain.clock import Clock
from ringfence.domain.key_watch import network_of
from ringfence.ports.store import AccountStore, CredentialRow

HELD_MS = 60_000
_HELD_MAX = 20_000


class KnownNetworks:
    """Only what is known is held: what is new is looked up each time."""

    def __init__(self, store: AccountStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._until_ms: dict[tuple[str, str], int] = {}

    async def has(self, credential: CredentialRow, client: str) -> bool:
        """Whether a key was used from there before. The first network that it is used from is never new."""
        network = network_of(client)
        now_ms = self._clock.monotonic_ms()
        if self._until_ms.get((credential.sid, network), 0) > now_ms:
            return True
        known = await self._store.known_networks(credential.account, credential.sid)
        if known and network not in known:
            return False
        if len(self._until_ms) >= _HELD_MAX:
            self._until_ms.clear()
        self._until_ms[credential.sid, network] = now_ms + HELD_MS
        return True

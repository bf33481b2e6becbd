"""Standing configuration that the key service opened a moment ago."""

from collections import OrderedDict

from ringfence.domain.clock import Clock
from ringfence.ports.keys import DeliveryKeys

MAX_AGE_MS = 60_000
MAX_ENTRIES = 4_096


class StandingCache:
    """Opens standing records, and remembers each for a minute at most.

    The sealed bytes are part of the name, so a value that was changed or rotated is opened anew at once.
    """

    def __init__(self, keys: DeliveryKeys, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock
        self._opened: OrderedDict[tuple[str, str, bytes], tuple[int, bytes]] = OrderedDict()

    async def open(self, account: str, record: str, sealed: bytes) -> bytes:
        """The record's value; KeyRefusedError or ConnectionError from the key service."""
        name = (account, record, sealed)
        self._forget_old()
        found = self._opened.get(name)
        if found is not None:
            return found[1]
        value = await self.open_anew(account, record, sealed)
        self._opened[name] = (self._clock.monotonic_ms(), value)
        return value

    async def open_anew(self, account: str, record: str, sealed: bytes) -> bytes:
        """The record's value from the key service, whether it is remembered or not."""
        (value,) = await self._keys.open_standing(account, [(record, sealed)])
        return value

    def _forget_old(self) -> None:
        # Kept in the order they were opened: the oldest is first.
        until_ms = self._clock.monotonic_ms() - MAX_AGE_MS
        while self._opened:
            name, (opened_ms, _) = next(iter(self._opened.items()))
            if opened_ms > until_ms and len(self._opened) < MAX_ENTRIES:
                return
            del self._opened[name]

"""Tell again what could not be told: one event, or all that failed since a time."""

from ringfence.domain.clock import Clock
from ringfence.ports.outbox import EventFilter, Outbox
from ringfence.ports.wake import Wake

# As many dead events of an account as one call looks at.
MAX_REPLAYED = 10_000


class Replayer:
    """Makes settled events pending again; they carry the idempotency token they had."""

    def __init__(self, outbox: Outbox, clock: Clock, wake: Wake) -> None:
        self._outbox = outbox
        self._clock = clock
        self._wake = wake

    async def replay_event(self, account: str, event_id: int) -> bool:
        """Tell one event again, done or dead. False: there is none, or it is still pending."""
        replayed = await self._outbox.replay(account, event_id, self._clock.now_ms())
        if replayed:
            self._wake.ring()
        return replayed

    async def replay_failed(self, account: str, since_ms: int) -> int:
        """Tell again every event of `account` that happened at `since_ms` or later and is dead; how many."""
        failed = EventFilter(state="dead", from_ms=since_ms)
        dead = await self._outbox.latest_events(account, failed, limit=MAX_REPLAYED)
        now_ms = self._clock.now_ms()
        replayed = 0
        # Oldest first, so that they go out in the order they happened.
        for event in reversed(dead):
            if await self._outbox.replay(account, event.id, now_ms):
                replayed += 1
        if replayed:
            self._wake.ring()
        return replayed

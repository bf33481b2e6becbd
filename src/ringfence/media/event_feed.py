"""A worker's events for the one who uses it: numbered, kept until they are acknowledged, bounded."""

import asyncio
from collections import deque

from ringfence.media.media_verbs import Happened
from ringfence.ports.media import MediaEvent

MAX_KEPT = 50_000
BATCH = 1_000


class EventFeed:
    """What happened, in order. `lost` is True when more was kept waiting than is kept: the reader has missed some."""

    def __init__(self, max_kept: int = MAX_KEPT) -> None:
        self._kept: deque[MediaEvent] = deque()
        self._max_kept = max_kept
        # The number of the newest event.
        self._last = 0
        self._news = asyncio.Event()
        self.lost = False

    def tell(self, event: MediaEvent) -> None:
        """Add an event; when no room is left, the oldest goes."""
        self._kept.append(event)
        self._last += 1
        if len(self._kept) > self._max_kept:
            self._kept.popleft()
            self.lost = True
        self._news.set()

    async def after(self, last: int, wait_ms: int) -> Happened:
        """What happened after the event of this number, which acknowledges it; waits for news when there is none."""
        while self._kept and self._last - len(self._kept) < last:
            self._kept.popleft()
        if not self._kept:
            self._news.clear()
            try:
                async with asyncio.timeout(wait_ms / 1_000):
                    await self._news.wait()
            except TimeoutError:
                return Happened(max(last, 0), [])
        first = self._last - len(self._kept)
        fresh = [self._kept[number] for number in range(min(BATCH, len(self._kept)))]
        return Happened(first + len(fresh), fresh)

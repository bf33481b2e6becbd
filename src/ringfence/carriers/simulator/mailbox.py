"""News for the platform, kept until it is acknowledged: at least once, in order, whatever happens to the reader."""

from collections.abc import Iterable

import msgspec

from ringfence.ports.carrier import Arrival, Receipt

CAPACITY = 200_000
RETRY_MS = 100
TAKEN_MS = 2_000


class News(msgspec.Struct, frozen=True, kw_only=True):
    """One receipt or one arrival, under the number that acknowledges it."""

    id: int
    receipt: Receipt | None = None
    arrival: Arrival | None = None


class Mailbox:
    """Items in the order they came. One that was taken is offered again after 2 s unless it is acknowledged.

    Times are readings of a monotonic clock, milliseconds.
    """

    def __init__(self) -> None:
        self._items: dict[int, News] = {}
        self._taken_until_ms: dict[int, int] = {}
        self._last_id = 0

    def __len__(self) -> int:
        return len(self._items)

    @property
    def full(self) -> bool:
        """True when the platform is so far behind that the network takes no more texts."""
        return len(self._items) >= CAPACITY

    def put(self, *, receipt: Receipt | None = None, arrival: Arrival | None = None) -> int:
        """Keep one item; the answer is its id."""
        self._last_id += 1
        self._items[self._last_id] = News(id=self._last_id, receipt=receipt, arrival=arrival)
        return self._last_id

    def take(self, limit: int, now_ms: int) -> list[News]:
        """Up to `limit` items that nobody holds now."""
        taken: list[News] = []
        for item_id, item in self._items.items():
            if len(taken) >= limit:
                break
            if self._taken_until_ms.get(item_id, 0) <= now_ms:
                self._taken_until_ms[item_id] = now_ms + TAKEN_MS
                taken.append(item)
        return taken

    def acknowledge(self, ids: Iterable[int]) -> list[News]:
        """Forget these; the answer is those that were still kept. Again is a no-op."""
        known = []
        for item_id in ids:
            item = self._items.pop(item_id, None)
            self._taken_until_ms.pop(item_id, None)
            if item is not None:
                known.append(item)
        return known

    def put_back(self, ids: Iterable[int], now_ms: int) -> None:
        """Offer these again a little later: the reader could not write them yet."""
        for item_id in ids:
            if item_id in self._items:
                self._taken_until_ms[item_id] = now_ms + RETRY_MS

    def put_all_back(self) -> None:
        """Offer everything at once: the reader is a new one."""
        self._taken_until_ms.clear()

    def next_ms(self, now_ms: int) -> int | None:
        """When something can be taken: now, later, or (None) not until something new is put."""
        if len(self._taken_until_ms) < len(self._items):
            return now_ms
        return max(now_ms, min(self._taken_until_ms.values())) if self._items else None

    def clear(self) -> None:
        """Forget everything."""
        self._items.clear()
        self._taken_until_ms.clear()

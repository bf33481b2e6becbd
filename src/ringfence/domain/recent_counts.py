"""Counts of what happened of late, by key, forgotten bit by bit."""

from collections import Counter, deque

BUCKETS = 60


class RecentCounts:
    """Of the last `window_ms`, to within a sixtieth of it."""

    def __init__(self, window_ms: int) -> None:
        self._width_ms = max(window_ms // BUCKETS, 1)
        self._buckets: deque[tuple[int, Counter[str]]] = deque()

    def add(self, key: str, count: int, now_ms: int) -> None:
        """So many more, now."""
        place = now_ms // self._width_ms
        if not self._buckets or self._buckets[-1][0] != place:
            self._buckets.append((place, Counter()))
        self._buckets[-1][1][key] += count

    def totals(self, now_ms: int) -> dict[str, int]:
        """By key; nothing of what did not happen."""
        oldest = now_ms // self._width_ms - BUCKETS
        while self._buckets and self._buckets[0][0] <= oldest:
            self._buckets.popleft()
        found: Counter[str] = Counter()
        for _, counts in self._buckets:
            found.update(counts)
        return dict(found)

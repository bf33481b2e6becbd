"""How many texts of an account left in a second of late, all processes together, from what the store counts by day."""

from collections import OrderedDict, deque
from collections.abc import Sequence
from typing import Final

from ringfence.domain.clock import Clock
from ringfence.domain.message import Direction, Status
from ringfence.ports.day_counts import DayTexts

WITHIN_MS: Final = 60_000
APART_MS: Final = 2_000
ACCOUNTS_MAX: Final = 1_000
_STAYED: Final = frozenset({Status.ACCEPTED, Status.SCHEDULED, Status.QUEUED, Status.SENDING, Status.CANCELED})

# How many had left by the day that they were made on, and when that was read, on the monotonic clock.
_Reading = tuple[int, dict[int, int]]


class LeftLately:
    """Remembers what was read of an account within the last minute, of those accounts that were looked at last.

    The store says how many left, and not when: so whoever looks for the first time is told nothing.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._readings: OrderedDict[str, deque[_Reading]] = OrderedDict()

    def rate_mps(self, account: str, counts: Sequence[DayTexts]) -> float | None:
        """Texts a second between what was read up to a minute ago and `counts`, which are of now.

        None where nothing was read two seconds ago or earlier. Days that are not among `counts` any more do not matter.
        """
        now_ms, left = self._clock.monotonic_ms(), _left(counts)
        readings = self._readings.setdefault(account, deque())
        self._readings.move_to_end(account)
        if len(self._readings) > ACCOUNTS_MAX:
            self._readings.popitem(last=False)
        while readings and readings[0][0] < now_ms - WITHIN_MS:
            readings.popleft()
        since = readings[0] if readings and readings[0][0] <= now_ms - APART_MS else None
        if not readings or readings[-1][0] <= now_ms - APART_MS:
            readings.append((now_ms, left))
        if since is None:
            return None
        then_ms, before = since
        more = sum(count - before.get(day_ms, 0) for day_ms, count in left.items())
        return max(0, more) / ((now_ms - then_ms) / 1_000)


def _left(counts: Sequence[DayTexts]) -> dict[int, int]:
    by_day: dict[int, int] = {}
    for each in counts:
        if each.direction is not Direction.INBOUND and each.status not in _STAYED:
            by_day[each.day_ms] = by_day.get(each.day_ms, 0) + each.texts
    return by_day

"""What an operator sees of all accounts, counted in memory."""

from collections import Counter

from ringfence.domain.call import LIVE
from ringfence.domain.message import Direction
from ringfence.ports.oversight import DAY_MS, Backlog, DayCount
from ringfence.store.memory_tellings import MemoryTellings


class MemoryOversight(MemoryTellings):
    """`ports.oversight.OversightStore`."""

    async def backlog(self) -> Backlog:
        places = [place_ms for place_ms, *_ in self._queued.values()]
        states = Counter(entry.row.state for entry in self._events.values())
        return Backlog(
            texts=len(places),
            oldest_text_ms=min(places, default=None),
            events=states["pending"],
            dead_events=states["dead"],
            live_calls=sum(row.status in LIVE for row in self._calls.values()),
        )

    async def texts_by_day(self, account: str, from_ms: int, to_ms: int) -> list[DayCount]:
        counts = Counter(
            (row.created_ms // DAY_MS, row.direction is Direction.INBOUND, row.status)
            for row in self._messages.values()
            if row.account == account and from_ms <= row.created_ms < to_ms
        )
        ordered = sorted(counts.items(), key=lambda each: (-each[0][0], each[0][1], each[0][2].value))
        return [
            DayCount(day_ms=day * DAY_MS, inbound=inbound, status=status, count=count)
            for (day, inbound, status), count in ordered
        ]

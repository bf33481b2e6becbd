"""What an operator sees of all accounts, counted in memory."""

from collections import Counter

from ringfence.domain.call import LIVE
from ringfence.ports.oversight import Backlog
from ringfence.store.memory_sign_ins import MemorySignIns


class MemoryOversight(MemorySignIns):
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

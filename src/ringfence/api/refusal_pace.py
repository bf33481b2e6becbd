"""How long the answer to a refused request is held back, so that refusing costs less than serving would."""

import math
from collections import OrderedDict

from ringfence.domain.clock import Clock

FREE = 20
PER_SECOND_HELD = 60
# Clients give up after ten seconds, the quickest of them; a request may have waited in line before it is refused.
HOLD_MAX_S = 6.0
FADE_MS = 1_000
HELD_MAX = 8_192
_KNOWN_MAX = 10_000


class RefusalPace:
    """Counts refusals of each tenant or address; the count fades within about a second.

    The first few are answered at once. A client that asks again at once, on many connections, gets its answers the
    later the more it was refused, up to six seconds: it is refused a few hundred times a second, whatever it tries.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._counts: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self.held = 0

    def hold_s(self, who: str) -> float:
        """Count one refusal; the seconds to hold its answer back."""
        now_ms = self._clock.monotonic_ms()
        count, at_ms = self._counts.pop(who, (0.0, now_ms))
        count = count * math.exp((at_ms - now_ms) / FADE_MS) + 1
        self._counts[who] = (count, now_ms)
        if len(self._counts) > _KNOWN_MAX:
            self._counts.popitem(last=False)
        if count <= FREE or self.held >= HELD_MAX:
            return 0.0
        return min((count - FREE) / PER_SECOND_HELD, HOLD_MAX_S)

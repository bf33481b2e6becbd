"""How often signing in may fail, at one account or from one address, before the answer is "too many requests"."""

from collections import OrderedDict

from ringfence.domain.clock import Clock

_MAX_ACCOUNTS = 10_000


class LoginFailures:
    """A token bucket an account (or an address): `burst` failures at once, then `burst` a minute. Bounded in memory.

    A right secret is never refused for the wrong ones before it: otherwise anybody who knows an account's sid could
    shut its owner out, and anybody behind a proxy everyone else there. Guessing gains nothing by that, the secrets have
    128 bits and more.
    """

    def __init__(self, clock: Clock, *, burst: int = 20) -> None:
        self._clock = clock
        self._burst = burst
        self._refill_per_ms = burst / 60_000
        self._levels: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def count(self, account: str) -> bool:
        """Count one failure; False when there have been too many."""
        now_ms = self._clock.monotonic_ms()
        level, at_ms = self._levels.pop(account, (float(self._burst), now_ms))
        level = min(self._burst, level + (now_ms - at_ms) * self._refill_per_ms)
        within = level >= 1
        self._levels[account] = (level - 1 if within else level, now_ms)
        if len(self._levels) > _MAX_ACCOUNTS:
            self._levels.popitem(last=False)
        return within

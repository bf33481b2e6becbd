"""A rate, spent one token at a time on the monotonic clock."""


class TokenBucket:
    """Lets `rate_mps` tokens a second through, and at most `burst` at once."""

    def __init__(self, rate_mps: float, *, burst: float = 1.0, now_ms: int = 0) -> None:
        if rate_mps <= 0 or burst < 1:
            raise ValueError("a rate is positive and a burst at least one")
        self._rate_per_ms = rate_mps / 1000
        self._burst = burst
        self._tokens = burst
        self._at_ms = now_ms

    def take(self, wanted: int, now_ms: int) -> int:
        """How many of `wanted` may go now; they are spent."""
        self._refill(now_ms)
        granted = min(wanted, int(self._tokens))
        self._tokens -= granted
        return granted

    def available(self, now_ms: int) -> int:
        """How many may go now."""
        self._refill(now_ms)
        return int(self._tokens)

    def give_back(self, tokens: int) -> None:
        """Return what was taken and not used."""
        self._tokens = min(self._burst, self._tokens + tokens)

    def wait_ms(self, now_ms: int) -> int:
        """Milliseconds until one token is there; 0 when it is."""
        self._refill(now_ms)
        missing = 1 - self._tokens
        return 0 if missing <= 0 else max(1, round(missing / self._rate_per_ms))

    def _refill(self, now_ms: int) -> None:
        if now_ms > self._at_ms:
            self._tokens = min(self._burst, self._tokens + (now_ms - self._at_ms) * self._rate_per_ms)
            self._at_ms = now_ms

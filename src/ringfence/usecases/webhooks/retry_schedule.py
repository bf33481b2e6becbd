"""When a failed webhook is tried again: exponential back-off with full jitter, some attempts, then no more."""

from collections.abc import Callable

MAX_ATTEMPTS = 8
FIRST_BACKOFF_MS = 10_000
BACKOFF_FACTOR = 3
MAX_BACKOFF_MS = 3_600_000
MIN_DELAY_MS = 1_000


def next_delay_ms(attempts: int, random: Callable[[], float], retry_after_s: int | None = None) -> int | None:
    """Milliseconds until the next attempt after `attempts` failed ones; None when that was the last.

    Eight attempts within two hours, one hour on average. `random` yields [0, 1). A server that names its time
    (Retry-After) is given it, up to an hour.
    """
    if attempts >= MAX_ATTEMPTS:
        return None
    ceiling_ms = min(FIRST_BACKOFF_MS * BACKOFF_FACTOR ** (attempts - 1), MAX_BACKOFF_MS)
    delay_ms = MIN_DELAY_MS + int(random() * (ceiling_ms - MIN_DELAY_MS))
    return max(delay_ms, min((retry_after_s or 0) * 1_000, MAX_BACKOFF_MS))

"""How often codes were started, in memory."""

from collections.abc import Sequence

from ringfence.domain.verify_rate import Exceeded, RateCount
from ringfence.store.rate_moves import Known, Started, count_starts


class MemoryVerifyRates:
    """`ports.verify_rates.VerifyRateStore` over a dictionary."""

    def __init__(self) -> None:
        self._rate_windows: Known = {}

    async def count_start(self, account: str, counts: Sequence[RateCount], at_ms: int) -> Exceeded | None:
        exceeded = count_starts([Started(account, tuple(counts), at_ms)], self._rate_windows)[0]
        self._rate_windows = {key: window for key, window in self._rate_windows.items() if window.until_ms >= at_ms}
        return exceeded

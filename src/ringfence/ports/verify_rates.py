"""What a store remembers of how often codes were started, by the values of a service's rate limits."""

from collections.abc import Sequence
from typing import Protocol

from ringfence.domain.verify_rate import Exceeded, RateCount


class VerifyRateStore(Protocol):
    """Part of the store. It reads, judges and writes at once, so that of many at a time none slips through."""

    async def count_start(self, account: str, counts: Sequence[RateCount], at_ms: int) -> Exceeded | None:
        """Count a start in all these buckets, durably; or in none, where one of them is full: that one."""

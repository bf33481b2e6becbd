"""What a store remembers of the blocks of numbers that codes go to, and of what codes cost.

A block is a prefix of a number or a country (`domain.fraud_guard.blocks`), never a number.
"""

from collections.abc import Sequence
from typing import Protocol

from ringfence.domain.fraud_guard.judgement import Judgement, Level
from ringfence.domain.fraud_guard.spending import Spending


class FraudStore(Protocol):
    """Part of the store. Each verb reads, judges and writes at once, so that of many at a time none slips through."""

    async def admit_code(
        self, account: str, names: Sequence[str], at_ms: int, level: Level | None, spending: Spending | None = None
    ) -> Judgement:
        """Count one more code, and what it costs, where `judge` lets it go to these blocks and no bound is broken.

        Without a level no block is judged, without `spending` no bound.
        """

    async def codes_cost(self, tenant: str, owner: str, from_ms: int) -> int:
        """What was counted against a bound since an hour began, in micros: see `domain.fraud_guard.spending`."""

    async def code_came_back(self, account: str, names: Sequence[str], at_ms: int) -> None:
        """Count a conversion."""

    async def code_not_sent(
        self, account: str, names: Sequence[str], at_ms: int, spending: Spending | None = None
    ) -> None:
        """Take back what `admit_code` counted at `at_ms` of a code that was not sent then."""

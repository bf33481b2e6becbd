"""What a store remembers of the blocks of numbers that codes go to.

A block is a prefix of a number or a country (`domain.fraud_guard.blocks`), never a number.
"""

from collections.abc import Sequence
from typing import Protocol

from ringfence.domain.fraud_guard.judgement import Judgement, Level


class FraudStore(Protocol):
    """Part of the store. Each verb reads, judges and writes at once, so that of many at a time none slips through."""

    async def admit_code(self, account: str, names: Sequence[str], at_ms: int, level: Level | None) -> Judgement:
        """Count one more code to these blocks, where `judge` lets it go there; without a level, always."""

    async def code_came_back(self, account: str, names: Sequence[str], at_ms: int) -> None:
        """Count a conversion."""

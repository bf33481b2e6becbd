"""Blocks of numbers that codes go to, in memory."""

from collections.abc import Sequence

from ringfence.domain.fraud_guard.judgement import Judgement, Level
from ringfence.store.fraud_moves import CameBack, Known, Sent, make_moves


class MemoryFraud:
    """`ports.fraud_counts.FraudStore` over a dictionary."""

    def __init__(self) -> None:
        self._blocks: Known = {}

    async def admit_code(self, account: str, names: Sequence[str], at_ms: int, level: Level | None) -> Judgement:
        return make_moves([Sent(account, tuple(names), at_ms, level)], self._blocks)[0]

    async def code_came_back(self, account: str, names: Sequence[str], at_ms: int) -> None:
        make_moves([CameBack(account, tuple(names), at_ms)], self._blocks)

"""Blocks of numbers that codes go to, and what codes cost, in memory."""

from collections.abc import Sequence

from ringfence.domain.fraud_guard.judgement import Judgement, Level
from ringfence.domain.fraud_guard.spending import Spending
from ringfence.store.fraud_moves import CameBack, Known, Move, NotSent, Sent, Spent, make_moves


class MemoryFraud:
    """`ports.fraud_counts.FraudStore` over dictionaries."""

    def __init__(self) -> None:
        self._blocks: Known = {}
        self._code_spending: Spent = {}

    async def admit_code(
        self, account: str, names: Sequence[str], at_ms: int, level: Level | None, spending: Spending | None = None
    ) -> Judgement:
        return self._move_blocks(Sent(account, tuple(names), at_ms, level, spending))

    async def codes_cost(self, tenant: str, owner: str, from_ms: int) -> int:
        hours = self._code_spending.get((tenant, owner), {})
        return sum(micros for hour_ms, micros in hours.items() if hour_ms >= from_ms)

    async def code_came_back(self, account: str, names: Sequence[str], at_ms: int) -> None:
        self._move_blocks(CameBack(account, tuple(names), at_ms))

    async def code_not_sent(
        self, account: str, names: Sequence[str], at_ms: int, spending: Spending | None = None
    ) -> None:
        self._move_blocks(NotSent(account, tuple(names), at_ms, spending))

    def _move_blocks(self, move: Move) -> Judgement:
        return make_moves([move], self._blocks, self._code_spending)[0]

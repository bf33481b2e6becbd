"""Blocks of numbers that codes go to, and what codes cost, in SQLite."""

from collections.abc import Sequence

import msgspec

from ringfence.domain.fraud_guard.blocks import Block
from ringfence.domain.fraud_guard.judgement import Judgement, Level
from ringfence.domain.fraud_guard.spending import Spending
from ringfence.store.fraud_moves import (
    KEPT_MS,
    CameBack,
    Known,
    Move,
    NotSent,
    Sent,
    Spent,
    changed_hours,
    hours_of,
    keys_of,
    make_moves,
)
from ringfence.store.json_rows import JsonRows, json_rows
from ringfence.store.sqlite_ground import SqliteGround
from ringfence.store.sqlite_session import SqliteWriter
from ringfence.store.statements import statements

SQL = statements("sqlite/fraud")


class _Known(msgspec.Struct, frozen=True, array_like=True):
    """A row of `fraud_block`."""

    account: str
    name: str
    unanswered: float
    converted: float
    hot_until_ms: int
    at_ms: int

    @property
    def block(self) -> Block:
        return Block(
            unanswered=self.unanswered, converted=self.converted, hot_until_ms=self.hot_until_ms, at_ms=self.at_ms
        )


BLOCKS = JsonRows(_Known)


class SqliteFraud(SqliteGround):
    """`ports.fraud_counts.FraudStore`."""

    async def admit_code(
        self, account: str, names: Sequence[str], at_ms: int, level: Level | None, spending: Spending | None = None
    ) -> Judgement:
        return await self._write(_move, Sent(account, tuple(names), at_ms, level, spending))

    async def codes_cost(self, tenant: str, owner: str, from_ms: int) -> int:
        return int(self._one(SQL["cost"], (tenant, owner, from_ms))[0])

    async def code_came_back(self, account: str, names: Sequence[str], at_ms: int) -> None:
        await self._write(_move, CameBack(account, tuple(names), at_ms))

    async def code_not_sent(
        self, account: str, names: Sequence[str], at_ms: int, spending: Spending | None = None
    ) -> None:
        await self._write(_move, NotSent(account, tuple(names), at_ms, spending))


def _move(tx: SqliteWriter, moves: Sequence[Move]) -> list[Judgement]:
    keys = keys_of(moves)
    (found,) = tx.run(SQL["blocks"], (json_rows(keys),)).fetchone()
    known: Known = {(each.account, each.name): each.block for each in BLOCKS.read(found)}
    spent: Spent = {}
    for tenant, owner, hour_ms, micros in tx.run(SQL["spent"], (json_rows(hours_of(moves)),)):
        spent.setdefault((tenant, owner), {})[hour_ms] = micros
    judgements = make_moves(moves, known, spent)
    tx.run(SQL["put"], (json_rows([(*key, *values_of(known[key])) for key in keys]),))
    tx.run_many(SQL["put_spent"], changed_hours(moves, spent))
    forgotten_ms = max(move.at_ms for move in moves) - KEPT_MS
    tx.run(SQL["forget"], (forgotten_ms,))
    tx.run(SQL["forget_spent"], (forgotten_ms,))
    return judgements


def values_of(block: Block) -> tuple[float, float, int, int]:
    """A block's columns after its key."""
    return block.unanswered, block.converted, block.hot_until_ms, block.at_ms

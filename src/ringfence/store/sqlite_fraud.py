"""Blocks of numbers that codes go to, in SQLite."""

import json
from collections.abc import Sequence

from ringfence.domain.fraud_guard.blocks import Block
from ringfence.domain.fraud_guard.judgement import Judgement, Level
from ringfence.store.fraud_moves import KEPT_MS, CameBack, Known, Move, Sent, keys_of, make_moves
from ringfence.store.sqlite_ground import SqliteGround
from ringfence.store.sqlite_session import SqliteWriter
from ringfence.store.statements import statements

SQL = statements("sqlite/fraud")


class SqliteFraud(SqliteGround):
    """`ports.fraud_counts.FraudStore`."""

    async def admit_code(self, account: str, names: Sequence[str], at_ms: int, level: Level | None) -> Judgement:
        return await self._write(_move, Sent(account, tuple(names), at_ms, level))

    async def code_came_back(self, account: str, names: Sequence[str], at_ms: int) -> None:
        await self._write(_move, CameBack(account, tuple(names), at_ms))


def _move(tx: SqliteWriter, moves: Sequence[Move]) -> list[Judgement]:
    keys = keys_of(moves)
    known: Known = {
        (account, name): Block(unanswered=unanswered, converted=converted, hot_until_ms=hot_until_ms, at_ms=at_ms)
        for account, name, unanswered, converted, hot_until_ms, at_ms in tx.run(SQL["blocks"], (json.dumps(keys),))
    }
    judgements = make_moves(moves, known)
    tx.run_many(SQL["put"], [(*key, *values_of(known[key])) for key in keys])
    tx.run(SQL["forget"], (max(move.at_ms for move in moves) - KEPT_MS,))
    return judgements


def values_of(block: Block) -> tuple[float, float, int, int]:
    """A block's columns after its key."""
    return block.unanswered, block.converted, block.hot_until_ms, block.at_ms

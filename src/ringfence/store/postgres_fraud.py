"""Blocks of numbers that codes go to, in PostgreSQL."""

from collections.abc import Sequence

from ringfence.domain.fraud_guard.blocks import Block
from ringfence.domain.fraud_guard.judgement import Judgement, Level
from ringfence.store.fraud_moves import KEPT_MS, CameBack, Known, Move, Sent, keys_of, make_moves
from ringfence.store.postgres_committer import Connection
from ringfence.store.postgres_ground import PostgresGround, columns
from ringfence.store.sqlite_fraud import values_of
from ringfence.store.statements import statements

SQL = statements("postgres/fraud")


class PostgresFraud(PostgresGround):
    """`ports.fraud_counts.FraudStore`."""

    async def admit_code(self, account: str, names: Sequence[str], at_ms: int, level: Level | None) -> Judgement:
        return await self._write(_move, Sent(account, tuple(names), at_ms, level))

    async def code_came_back(self, account: str, names: Sequence[str], at_ms: int) -> None:
        await self._write(_move, CameBack(account, tuple(names), at_ms))


async def _move(tx: Connection, moves: Sequence[Move]) -> list[Judgement]:
    # A block that is not there yet cannot be held: whoever counts for an account holds the account's turn instead.
    for account in sorted({move.account for move in moves}):
        await tx.execute(SQL["take_turn"], account)
    keys = keys_of(moves)
    known: Known = {
        (row["account"], row["name"]): Block(
            unanswered=row["unanswered"],
            converted=row["converted"],
            hot_until_ms=row["hot_until_ms"],
            at_ms=row["at_ms"],
        )
        for row in await tx.fetch(SQL["blocks"], *columns(keys))
    }
    judgements = make_moves(moves, known)
    await tx.execute(SQL["put"], *columns([(*key, *values_of(known[key])) for key in keys]))
    await tx.execute(SQL["forget"], max(move.at_ms for move in moves) - KEPT_MS)
    return judgements

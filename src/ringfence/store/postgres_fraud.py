"""Blocks of numbers that codes go to, and what codes cost, in PostgreSQL."""

from collections.abc import Sequence

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
from ringfence.store.postgres_committer import Connection
from ringfence.store.postgres_ground import PostgresGround, columns
from ringfence.store.sqlite_fraud import values_of
from ringfence.store.statements import statements

SQL = statements("postgres/fraud")


class PostgresFraud(PostgresGround):
    """`ports.fraud_counts.FraudStore`."""

    async def admit_code(
        self, account: str, names: Sequence[str], at_ms: int, level: Level | None, spending: Spending | None = None
    ) -> Judgement:
        return await self._write(_move, Sent(account, tuple(names), at_ms, level, spending))

    async def codes_cost(self, tenant: str, owner: str, from_ms: int) -> int:
        return int(await self._value(SQL["cost"], tenant, owner, from_ms))

    async def code_came_back(self, account: str, names: Sequence[str], at_ms: int) -> None:
        await self._write(_move, CameBack(account, tuple(names), at_ms))

    async def code_not_sent(
        self, account: str, names: Sequence[str], at_ms: int, spending: Spending | None = None
    ) -> None:
        await self._write(_move, NotSent(account, tuple(names), at_ms, spending))


async def _move(tx: Connection, moves: Sequence[Move]) -> list[Judgement]:
    # What is not there yet cannot be held: whoever counts for an account, or against the bounds of the one above it,
    # holds that account's turn instead. All take turns in one order, so that nobody waits in a circle.
    spenders = {move.spending.tenant for move in moves if move.spending is not None}
    for account in sorted({move.account for move in moves} | spenders):
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
    spent: Spent = {}
    if owners := hours_of(moves):
        for row in await tx.fetch(SQL["spent"], *columns(owners)):
            spent.setdefault((row["tenant"], row["owner"]), {})[row["hour_ms"]] = row["micros"]
    judgements = make_moves(moves, known, spent)
    await tx.execute(SQL["put"], *columns([(*key, *values_of(known[key])) for key in keys]))
    if hours := changed_hours(moves, spent):
        await tx.execute(SQL["put_spent"], *columns(hours))
    forgotten_ms = max(move.at_ms for move in moves) - KEPT_MS
    await tx.execute(SQL["forget"], forgotten_ms)
    await tx.execute(SQL["forget_spent"], forgotten_ms)
    return judgements

"""How often codes were started, in PostgreSQL."""

from collections.abc import Sequence

from ringfence.domain.verify_rate import Exceeded, RateCount, Window
from ringfence.store.postgres_committer import Connection
from ringfence.store.postgres_ground import PostgresGround, columns
from ringfence.store.rate_moves import Known, Started, count_starts, keys_of
from ringfence.store.sqlite_verify_rates import changed_rows
from ringfence.store.statements import statements

SQL = statements("postgres/verify_rates")


class PostgresVerifyRates(PostgresGround):
    """`ports.verify_rates.VerifyRateStore`."""

    async def count_start(self, account: str, counts: Sequence[RateCount], at_ms: int) -> Exceeded | None:
        return await self._write(_count, Started(account, tuple(counts), at_ms))


async def _count(tx: Connection, starts: Sequence[Started]) -> list[Exceeded | None]:
    keys = keys_of(starts)
    if not keys:
        return [None for _ in starts]
    # A window that is not there yet cannot be held: whoever counts for an account holds the account's turn instead.
    for account in sorted({start.account for start in starts}):
        await tx.execute(SQL["take_turn"], account)
    known: Known = {
        (row["account"], row["bucket"], bytes(row["value_index"])): Window(
            began_ms=row["began_ms"], until_ms=row["until_ms"], count=row["count"]
        )
        for row in await tx.fetch(SQL["windows"], *columns(keys))
    }
    before = dict(known)
    exceeded = count_starts(starts, known)
    if rows := changed_rows(before, known):
        await tx.execute(SQL["put"], *columns(rows))
    await tx.execute(SQL["forget"], max(start.at_ms for start in starts))
    return exceeded

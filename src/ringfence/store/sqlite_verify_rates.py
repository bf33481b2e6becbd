"""How often codes were started, in SQLite."""

from collections.abc import Sequence

from ringfence.domain.verify_rate import Exceeded, RateCount, Window
from ringfence.store.rate_moves import Key, Known, Started, count_starts, keys_of
from ringfence.store.sqlite_ground import SqliteGround
from ringfence.store.sqlite_session import SqliteWriter
from ringfence.store.statements import statements

SQL = statements("sqlite/verify_rates")


class SqliteVerifyRates(SqliteGround):
    """`ports.verify_rates.VerifyRateStore`."""

    async def count_start(self, account: str, counts: Sequence[RateCount], at_ms: int) -> Exceeded | None:
        return await self._write(_count, Started(account, tuple(counts), at_ms))


def _count(tx: SqliteWriter, starts: Sequence[Started]) -> list[Exceeded | None]:
    known: Known = {}
    for key in keys_of(starts):
        for began_ms, until_ms, count in tx.run(SQL["window"], key):
            known[key] = Window(began_ms=began_ms, until_ms=until_ms, count=count)
    before = dict(known)
    exceeded = count_starts(starts, known)
    tx.run_many(SQL["put"], changed_rows(before, known))
    tx.run(SQL["forget"], (max(start.at_ms for start in starts),))
    return exceeded


def changed_rows(before: Known, after: Known) -> list[tuple[str, str, bytes, int, int, int]]:
    """What is to be written, in order of the keys."""
    return [_row(key, window) for key, window in sorted(after.items()) if before.get(key) != window]


def _row(key: Key, window: Window) -> tuple[str, str, bytes, int, int, int]:
    return (*key, window.began_ms, window.until_ms, window.count)

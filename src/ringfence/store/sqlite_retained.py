"""What a declared duty has kept, in SQLite."""

from collections.abc import Iterable, Sequence

from ringfence.ports.retention import RetainedRow
from ringfence.store.bulk_insert import BulkInsert
from ringfence.store.columns import RETAINED
from ringfence.store.sqlite_ground import SqliteGround
from ringfence.store.sqlite_session import SqliteWriter
from ringfence.store.statements import statements

SQL = statements("sqlite/retained")
INSERT = BulkInsert(SQL["insert"])


class SqliteRetained(SqliteGround):
    """`ports.retention.RetainedStore`."""

    async def retained(
        self,
        account: str,
        duty: int,
        first_epoch: int,
        last_epoch: int,
        *,
        after: tuple[str, int] = ("", 0),
        limit: int = 1_000,
    ) -> list[RetainedRow]:
        rows = self._all(SQL["of_epochs"], (account, duty, *after, first_epoch, last_epoch, limit))
        return [RETAINED.read(row) for row in rows]

    async def erase_retained(self, now_ms: int, limit: int) -> int:
        return await self._write(_erase, (now_ms, limit))


def retain(tx: SqliteWriter, rows: Iterable[RetainedRow | None]) -> None:
    """Keep those that there are, in the caller's transaction: nothing in the place of what is kept already."""
    values = [RETAINED.write(row) for row in rows if row is not None]
    if values:
        INSERT.run(tx, values)


def _erase(tx: SqliteWriter, requests: Sequence[tuple[int, int]]) -> list[int]:
    erased = [tx.run(SQL["erase"], request).rowcount for request in requests]
    tx.erased = tx.erased or any(erased)
    return erased

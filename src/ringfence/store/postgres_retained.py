"""What a declared duty has kept, in PostgreSQL."""

from collections.abc import Iterable, Sequence

from ringfence.ports.retention import RetainedRow
from ringfence.store.columns import RETAINED
from ringfence.store.postgres_committer import Connection
from ringfence.store.postgres_ground import PostgresGround, columns, count
from ringfence.store.statements import statements

SQL = statements("postgres/retained")


class PostgresRetained(PostgresGround):
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
        rows = await self._all(SQL["of_epochs"], account, duty, *after, first_epoch, last_epoch, limit)
        return [RETAINED.read(row) for row in rows]

    async def erase_retained(self, now_ms: int, limit: int) -> int:
        return await self._write(_erase, (now_ms, limit))


async def retain(tx: Connection, rows: Iterable[RetainedRow | None]) -> None:
    """Keep those that there are, in the caller's transaction: nothing in the place of what is kept already."""
    values = [RETAINED.write(row) for row in rows if row is not None]
    if values:
        await tx.execute(SQL["insert"], *columns(values))


async def _erase(tx: Connection, requests: Sequence[tuple[int, int]]) -> list[int]:
    return [count(await tx.execute(SQL["erase"], *request)) for request in requests]

"""What webhooks of Verify are told, in PostgreSQL."""

from collections.abc import Sequence

from ringfence.ports.verify_events import TellingRow
from ringfence.store.columns import TELLING
from ringfence.store.memory_tellings import event_of
from ringfence.store.postgres_committer import Connection
from ringfence.store.postgres_ground import PostgresGround, columns, count
from ringfence.store.postgres_outbox import append_events
from ringfence.store.statements import statements

SQL = statements("postgres/tellings")


class PostgresTellings(PostgresGround):
    """`ports.verify_events.TellingStore`."""

    async def add_tellings(self, rows: Sequence[TellingRow]) -> None:
        if rows:
            await self._write(_add, rows)

    async def tellings_of(self, keys: Sequence[tuple[str, str]]) -> list[TellingRow | None]:
        rows = [TELLING.read(row) for row in await self._all(SQL["tellings_of"], *columns(keys))] if keys else []
        found = {(row.account, row.sid): row for row in rows}
        return [found.get(key) for key in keys]

    async def tellings(self, account: str, subject: str) -> list[TellingRow]:
        return [TELLING.read(row) for row in await self._all(SQL["of_subject"], account, subject)]


async def append_tellings(tx: Connection, rows: Sequence[TellingRow]) -> None:
    """Write those that are new, each with its outbox entry, in the caller's transaction."""
    new = [row for row in rows if count(await tx.execute(SQL["insert"], *TELLING.write(row)))]
    await append_events(tx, [(row.account, row.sid, event_of(row)) for row in new])


async def _add(tx: Connection, requests: Sequence[Sequence[TellingRow]]) -> list[None]:
    await append_tellings(tx, [row for rows in requests for row in rows])
    return [None] * len(requests)

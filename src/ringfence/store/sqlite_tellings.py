"""What webhooks of Verify are told, in SQLite."""

from collections.abc import Sequence

from ringfence.ports.verify_events import TellingRow
from ringfence.store.columns import TELLING
from ringfence.store.json_rows import json_rows
from ringfence.store.memory_tellings import event_of
from ringfence.store.sqlite_ground import SqliteGround
from ringfence.store.sqlite_outbox import append_events
from ringfence.store.sqlite_session import SqliteWriter
from ringfence.store.statements import statements

SQL = statements("sqlite/tellings")


class SqliteTellings(SqliteGround):
    """`ports.verify_events.TellingStore`."""

    async def add_tellings(self, rows: Sequence[TellingRow]) -> None:
        if rows:
            await self._write(_add, rows)

    async def tellings_of(self, keys: Sequence[tuple[str, str]]) -> list[TellingRow | None]:
        rows = [TELLING.read(row) for row in self._all(SQL["tellings_of"], (json_rows(keys),))]
        found = {(row.account, row.sid): row for row in rows}
        return [found.get(key) for key in keys]

    async def tellings(self, account: str, subject: str) -> list[TellingRow]:
        return [TELLING.read(row) for row in self._all(SQL["of_subject"], (account, subject))]


def append_tellings(tx: SqliteWriter, rows: Sequence[TellingRow]) -> None:
    """Write those that are new, each with its outbox entry, in the caller's transaction."""
    new = [row for row in rows if tx.run(SQL["insert"], TELLING.write(row)).rowcount]
    append_events(tx, ((row.account, row.sid, event_of(row)) for row in new))


def _add(tx: SqliteWriter, requests: Sequence[Sequence[TellingRow]]) -> list[None]:
    append_tellings(tx, [row for rows in requests for row in rows])
    return [None] * len(requests)

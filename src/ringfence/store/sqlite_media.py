"""Media of messages in SQLite."""

from collections.abc import Sequence

from ringfence.ports.store import MediaRow
from ringfence.store.columns import MEDIUM
from ringfence.store.sqlite_ground import SqliteGround
from ringfence.store.sqlite_session import SqliteWriter
from ringfence.store.statements import statements

SQL = statements("sqlite/media")

Key = tuple[str, str, str]


class SqliteMedia(SqliteGround):
    """The media of `ports.store.MessageStore`."""

    async def media(self, account: str, message_sid: str) -> list[MediaRow]:
        return [MEDIUM.read(row) for row in self._all(SQL["of_message"], (account, message_sid))]

    async def add_media(self, rows: Sequence[MediaRow]) -> None:
        await self._write(_add, rows)

    async def delete_media(self, account: str, message_sid: str, sid: str) -> bool:
        return await self._write(_delete, (account, message_sid, sid))


def erase_media(tx: SqliteWriter, account: str, message_sid: str) -> None:
    """Erase a message's media, in the caller's transaction."""
    tx.run(SQL["delete_of_message"], (account, message_sid))


def _add(tx: SqliteWriter, requests: Sequence[Sequence[MediaRow]]) -> list[None]:
    for rows in requests:
        tx.run_many(SQL["insert"], [MEDIUM.write(row) for row in rows])
    return [None] * len(requests)


def _delete(tx: SqliteWriter, keys: Sequence[Key]) -> list[bool]:
    tx.erased = True
    return [tx.run(SQL["delete"], key).rowcount > 0 for key in keys]

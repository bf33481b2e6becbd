"""Media of messages in PostgreSQL."""

from collections.abc import Sequence

from ringfence.ports.store import MediaRow
from ringfence.store.columns import MEDIUM
from ringfence.store.postgres_committer import Connection
from ringfence.store.postgres_ground import PostgresGround, count
from ringfence.store.statements import statements

SQL = statements("postgres/media")

Key = tuple[str, str, str]


class PostgresMedia(PostgresGround):
    """The media of `ports.store.MessageStore`."""

    async def media(self, account: str, message_sid: str) -> list[MediaRow]:
        return [MEDIUM.read(row) for row in await self._all(SQL["of_message"], account, message_sid)]

    async def add_media(self, rows: Sequence[MediaRow]) -> None:
        await self._write(_add, rows)

    async def delete_media(self, account: str, message_sid: str, sid: str) -> bool:
        return await self._write(_delete, (account, message_sid, sid))


async def erase_media(tx: Connection, account: str, message_sid: str) -> None:
    """Erase a message's media, in the caller's transaction."""
    await tx.execute(SQL["delete_of_message"], account, message_sid)


async def _add(tx: Connection, requests: Sequence[Sequence[MediaRow]]) -> list[None]:
    for rows in requests:
        for row in rows:
            await tx.execute(SQL["insert"], *MEDIUM.write(row))
    return [None] * len(requests)


async def _delete(tx: Connection, keys: Sequence[Key]) -> list[bool]:
    return [count(await tx.execute(SQL["delete"], *key)) > 0 for key in keys]

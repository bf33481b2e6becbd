"""Lists of messages in PostgreSQL, newest first, in pages by key."""

from typing import Any

from ringfence.domain.message import Direction, Status
from ringfence.ports.store import MessageFilter, MessageRow, Party
from ringfence.store.columns import MESSAGE
from ringfence.store.paging import newest_first, place_after
from ringfence.store.postgres_ground import PostgresGround
from ringfence.store.statements import statements

SQL = statements("postgres/listing")


class PostgresListing(PostgresGround):
    """`ports.store.MessageStore.messages` and `ended_messages`."""

    async def messages(
        self, account: str, wanted: MessageFilter, *, before: str | None = None, limit: int = 50
    ) -> list[MessageRow]:
        bounds = await self._bounds_of(account, wanted, before, limit)
        if wanted.to is None and wanted.sender is None:
            rows = list(await self._all(SQL["all"], *bounds))
        else:
            rows = await self._matching(bounds, True, wanted.to, wanted.sender)
            rows += await self._matching(bounds, False, wanted.sender, wanted.to)
        found = [MESSAGE.read(row) for row in rows]
        return sorted(found, key=newest_first, reverse=True)[:limit]

    async def ended_messages(
        self,
        account: str,
        status: Status,
        wanted: MessageFilter,
        *,
        direction: Direction | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> list[MessageRow]:
        bounds = await self._bounds_of(account, wanted, before, limit)
        rows = await self._all(SQL["ended"], *bounds, status.value, direction and direction.value)
        return [MESSAGE.read(row) for row in rows]

    async def _bounds_of(self, account: str, wanted: MessageFilter, before: str | None, limit: int) -> tuple[Any, ...]:
        known = await self._made_ms(SQL["place"], account, before)
        return (account, *place_after(before, known, wanted.to_ms), wanted.from_ms or 0, limit)

    async def _matching(
        self, bounds: tuple[Any, ...], inbound: bool, local: Party | None, remote: Party | None
    ) -> list[Any]:
        """One direction's part of the page, through the index that its ends allow."""
        values = (*bounds, inbound, local and local.number)
        if remote is None:
            return list(await self._all(SQL["by_local"], *values))
        return list(await self._all(SQL["by_remote"], *values, list(remote.indexes)))

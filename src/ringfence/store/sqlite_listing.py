"""Lists of messages in SQLite, newest first, in pages by key."""

from typing import Any

from ringfence.domain.message import Direction, Status
from ringfence.ports.store import MessageFilter, MessageRow, Party
from ringfence.store.columns import MESSAGE
from ringfence.store.paging import newest_first, place_after
from ringfence.store.sqlite_ground import SqliteGround
from ringfence.store.statements import statements

SQL = statements("sqlite/listing")


class SqliteListing(SqliteGround):
    """`ports.store.MessageStore.messages` and `ended_messages`."""

    async def messages(
        self, account: str, wanted: MessageFilter, *, before: str | None = None, limit: int = 50
    ) -> list[MessageRow]:
        bounds = self._bounds_of(account, wanted, before, limit)
        if wanted.to is None and wanted.sender is None:
            rows = self._all(SQL["all"], bounds)
        else:
            rows = self._matching(bounds, True, wanted.to, wanted.sender)
            rows += self._matching(bounds, False, wanted.sender, wanted.to)
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
        bounds = self._bounds_of(account, wanted, before, limit)
        rows = self._all(SQL["ended"], {**bounds, "status": status.value, "direction": direction and direction.value})
        return [MESSAGE.read(row) for row in rows]

    def _bounds_of(self, account: str, wanted: MessageFilter, before: str | None, limit: int) -> dict[str, Any]:
        known = None if before is None else self._one(SQL["place"], (account, before))
        before_ms, before_sid = place_after(before, known and known[0], wanted.to_ms)
        return {
            "account": account,
            "before_ms": before_ms,
            "before_sid": before_sid,
            "from_ms": wanted.from_ms or 0,
            "limit": limit,
        }

    def _matching(self, bounds: dict[str, Any], inbound: bool, local: Party | None, remote: Party | None) -> list[Any]:
        """One direction's part of the page, through the index that its ends allow."""
        values = {**bounds, "inbound": int(inbound), "local": local and local.number}
        if remote is None:
            return self._all(SQL["by_local"], values)
        names = [f"index_{n}" for n in range(len(remote.indexes))]
        values.update(zip(names, remote.indexes, strict=True))
        return self._all(SQL["by_remote"].replace("{indexes}", ", ".join(f":{name}" for name in names)), values)

"""Who does not want to be texted by whom, in SQLite."""

from collections.abc import Sequence

from ringfence.store.directory import keep
from ringfence.store.sqlite_ground import SqliteGround
from ringfence.store.sqlite_session import SqliteWriter
from ringfence.store.statements import statements

SQL = statements("sqlite/opt_outs")

Choice = tuple[str, bytes, bool, int]


class SqliteOptOuts(SqliteGround):
    """The opt-outs of `ports.store.MessageStore`."""

    async def set_opt_out(self, account: str, pair: bytes, opted_out: bool, at_ms: int) -> None:
        await self._write(_set, (account, pair, opted_out, at_ms))

    async def opted_out(self, account: str, pair: bytes) -> bool:
        row = self._one(SQL["opted_out"], (account, pair))
        return row is not None and bool(row[0])

    async def any_opt_outs(self, account: str) -> bool:
        entries, key = self._entries(), (SQL["any"], account)
        if key not in entries:
            keep(entries, key, self._one(SQL["any"], (account,)) is not None)
        return bool(entries[key])


def _set(tx: SqliteWriter, choices: Sequence[Choice]) -> list[None]:
    tx.run_many(SQL["set"], choices)
    return [None] * len(choices)

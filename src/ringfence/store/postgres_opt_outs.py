"""Who does not want to be texted by whom, in PostgreSQL."""

from collections.abc import Sequence

from ringfence.store.directory import keep
from ringfence.store.postgres_committer import Connection
from ringfence.store.postgres_ground import PostgresGround
from ringfence.store.statements import statements

SQL = statements("postgres/opt_outs")

Choice = tuple[str, bytes, bool, int]


class PostgresOptOuts(PostgresGround):
    """The opt-outs of `ports.store.MessageStore`."""

    async def set_opt_out(self, account: str, pair: bytes, opted_out: bool, at_ms: int) -> None:
        await self._write_directory(_set, (account, pair, opted_out, at_ms))

    async def opted_out(self, account: str, pair: bytes) -> bool:
        return bool(await self._value(SQL["opted_out"], account, pair))

    async def any_opt_outs(self, account: str) -> bool:
        entries, key = await self._entries(), (SQL["any"], account)
        if key not in entries:
            keep(entries, key, await self._one(SQL["any"], account) is not None)
        return bool(entries[key])


async def _set(tx: Connection, choices: Sequence[Choice]) -> list[None]:
    for choice in choices:
        await tx.execute(SQL["set"], *choice)
    return [None] * len(choices)

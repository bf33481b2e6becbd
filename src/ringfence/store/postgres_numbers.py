"""Owned numbers and the inventory in PostgreSQL."""

import re
from collections.abc import Sequence

from ringfence.ports.store import NumberRow, NumberTakenError, SidTakenError, StockRow
from ringfence.store.columns import NUMBER, STOCK
from ringfence.store.paging import place_after
from ringfence.store.postgres_committer import Connection
from ringfence.store.postgres_ground import PostgresGround, columns, count
from ringfence.store.statements import statements

SQL = statements("postgres/numbers")

Purchase = tuple[NumberRow, bool]
Release = tuple[str, str, int]


class PostgresNumbers(PostgresGround):
    """The numbers' half of `ports.store.AccountStore`."""

    async def buy_number(self, row: NumberRow, *, from_stock: bool) -> None:
        await self._write_directory(_buy, (row, from_stock))

    async def number(self, account: str, sid: str) -> NumberRow | None:
        row = await self._one(SQL["number"], account, sid)
        return None if row is None else NUMBER.read(row)

    async def number_by_e164(self, number: str) -> NumberRow | None:
        return await self._known(SQL["by_e164"], NUMBER, number)

    async def numbers(
        self,
        account: str,
        *,
        number: str | None = None,
        friendly_name: str | None = None,
        kind: str | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> list[NumberRow]:
        place = place_after(before, await self._made_ms(SQL["place"], account, before))
        like = None if number is None else _like(number)
        rows = await self._all(SQL["list"], account, *place, like, friendly_name, kind, limit)
        return [NUMBER.read(row) for row in rows]

    async def update_number(self, row: NumberRow) -> None:
        await self._write_directory(_update, row)

    async def release_number(self, account: str, sid: str, *, rests_until_ms: int = 0) -> bool:
        return await self._write_directory(_release, (account, sid, rests_until_ms))

    async def number_regions(self, account: str) -> list[str]:
        return [row["region"] for row in await self._all(SQL["regions_of"], account)]

    async def stock(self, rows: Sequence[StockRow]) -> int:
        return await self._write(_stock, rows)

    async def available(
        self,
        region: str,
        kind: str,
        *,
        pattern: str | None = None,
        area_code: str | None = None,
        limit: int = 50,
        at_ms: int = 0,
        account: str = "",
    ) -> list[StockRow]:
        match = None if pattern is None else _expression(pattern)
        rows = await self._all(SQL["available"], region, kind, match, area_code, limit, at_ms, account)
        return [STOCK.read(row) for row in rows]

    async def stocked_regions(self) -> dict[str, frozenset[str]]:
        kinds: dict[str, set[str]] = {}
        for region, kind in await self._all(SQL["regions"]):
            kinds.setdefault(region, set()).add(kind)
        return {region: frozenset(found) for region, found in kinds.items()}


def _like(pattern: str) -> str:
    """A LIKE pattern in which only * is special, and stands for anything."""
    return "%".join(re.sub(r"[%_\\]", r"\\\g<0>", part) for part in pattern.split("*"))


def _expression(pattern: str) -> str:
    """A regular expression in which only * is special, and stands for one digit."""
    return "[0-9]".join(re.sub(r"[^0-9A-Za-z]", r"\\\g<0>", part) for part in pattern.split("*"))


async def _buy(tx: Connection, purchases: Sequence[Purchase]) -> list[Exception | None]:
    await tx.execute(SQL["turn"])
    return [await _buy_one(tx, row, from_stock) for row, from_stock in purchases]


async def _buy_one(tx: Connection, row: NumberRow, from_stock: bool) -> Exception | None:
    if await tx.fetchval(SQL["is_owned"], row.number, row.account, row.created_ms):
        return NumberTakenError()
    if from_stock and not await tx.fetchval(SQL["is_stocked"], row.number):
        return NumberTakenError()
    if not count(await tx.execute(SQL["insert"], *NUMBER.write(row))):
        return SidTakenError()
    await tx.execute(SQL["unstock"], row.number)
    await tx.execute(SQL["wake"], row.number)
    return None


async def _update(tx: Connection, rows: Sequence[NumberRow]) -> list[None]:
    for row in rows:
        await tx.execute(SQL["update"], row.account, row.sid, row.friendly_name, row.standing, row.updated_ms)
    return [None] * len(rows)


async def _release(tx: Connection, releases: Sequence[Release]) -> list[bool]:
    for release in releases:
        await tx.execute(SQL["rest"], *release)
    keys = [(account, sid) for account, sid, _ in releases]
    released = [await tx.fetchval(SQL["release"], *key) for key in keys]
    # Behind it, since a raise holds the number until it is written.
    for number in filter(None, released):
        await tx.execute(SQL["unrate"], number)
    for key in keys:
        await tx.execute(SQL["unpool"], *key)
        await tx.execute(SQL["unstick"], *key)
    return [number is not None for number in released]


async def _stock(tx: Connection, requests: Sequence[Sequence[StockRow]]) -> list[int]:
    await tx.execute(SQL["turn"])
    return [
        count(await tx.execute(SQL["insert_stock"], *columns([STOCK.write(row) for row in rows]))) if rows else 0
        for rows in requests
    ]

"""Owned numbers and the inventory in SQLite."""

import re
import sqlite3
from collections.abc import Sequence

from ringfence.ports.store import NumberRow, NumberTakenError, SidTakenError, StockRow
from ringfence.store.columns import NUMBER, STOCK
from ringfence.store.paging import place_after
from ringfence.store.sqlite_ground import SqliteGround
from ringfence.store.sqlite_session import SqliteWriter
from ringfence.store.statements import statements

SQL = statements("sqlite/numbers")

Purchase = tuple[NumberRow, bool]
Release = tuple[str, str, int]


class SqliteNumbers(SqliteGround):
    """The numbers' half of `ports.store.AccountStore`."""

    async def buy_number(self, row: NumberRow, *, from_stock: bool) -> None:
        await self._write(_buy, (row, from_stock))

    async def number(self, account: str, sid: str) -> NumberRow | None:
        row = self._one(SQL["number"], (account, sid))
        return None if row is None else NUMBER.read(row)

    async def number_by_e164(self, number: str) -> NumberRow | None:
        return self._known(SQL["by_e164"], NUMBER, number)

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
        known = None if before is None else self._one(SQL["place"], (account, before))
        place = place_after(before, known and known[0])
        like = None if number is None else _glob(number, "*")
        rows = self._all(SQL["list"], (account, *place, like, friendly_name, kind, limit))
        return [NUMBER.read(row) for row in rows]

    async def update_number(self, row: NumberRow) -> None:
        await self._write(_update, row)

    async def release_number(self, account: str, sid: str, *, rests_until_ms: int = 0) -> bool:
        return await self._write(_release, (account, sid, rests_until_ms))

    async def number_regions(self, account: str) -> list[str]:
        return [region for (region,) in self._all(SQL["regions_of"], (account,))]

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
        like = None if pattern is None else f"*{_glob(pattern, '[0-9]')}*"
        rows = self._all(SQL["available"], (region, kind, like, area_code, limit, at_ms, account))
        return [STOCK.read(row) for row in rows]

    async def stocked_regions(self) -> dict[str, frozenset[str]]:
        kinds: dict[str, set[str]] = {}
        for region, kind in self._all(SQL["regions"]):
            kinds.setdefault(region, set()).add(kind)
        return {region: frozenset(found) for region, found in kinds.items()}


def _glob(pattern: str, star: str) -> str:
    """A GLOB pattern in which only * is special, and stands for `star`."""
    return star.join(re.sub(r"[\[?]", r"[\g<0>]", part) for part in pattern.split("*"))


def _buy(tx: SqliteWriter, purchases: Sequence[Purchase]) -> list[Exception | None]:
    return [_buy_one(tx, row, from_stock) for row, from_stock in purchases]


def _buy_one(tx: SqliteWriter, row: NumberRow, from_stock: bool) -> Exception | None:
    if tx.run(SQL["is_owned"], (row.number, row.account, row.created_ms)).fetchone():
        return NumberTakenError()
    tx.run("SAVEPOINT purchase")
    try:
        was_stocked = tx.run(SQL["unstock"], (row.number,)).rowcount > 0
        if from_stock and not was_stocked:
            return NumberTakenError()
        tx.run(SQL["insert"], NUMBER.write(row))
        tx.run(SQL["wake"], (row.number,))
    except sqlite3.IntegrityError:
        tx.run("ROLLBACK TO purchase")
        return SidTakenError()
    finally:
        tx.run("RELEASE purchase")
    return None


def _update(tx: SqliteWriter, rows: Sequence[NumberRow]) -> list[None]:
    tx.erased = True
    tx.run_many(
        SQL["update"], [(row.account, row.sid, row.friendly_name, row.standing, row.updated_ms) for row in rows]
    )
    return [None] * len(rows)


def _release(tx: SqliteWriter, releases: Sequence[Release]) -> list[bool]:
    tx.erased = True
    keys = [(account, sid) for account, sid, _ in releases]
    tx.run_many(SQL["unpool"], keys)
    tx.run_many(SQL["unstick"], keys)
    tx.run_many(SQL["unrate"], keys)
    tx.run_many(SQL["rest"], releases)
    return [tx.run(SQL["release"], key).rowcount > 0 for key in keys]


def _stock(tx: SqliteWriter, requests: Sequence[Sequence[StockRow]]) -> list[int]:
    return [tx.run_many(SQL["insert_stock"], [STOCK.write(row) for row in rows]).rowcount for rows in requests]

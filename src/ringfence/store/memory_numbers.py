"""Owned numbers and the inventory in memory."""

import re
from collections.abc import Sequence

from msgspec.structs import replace

from ringfence.ports.store import NumberRow, NumberTakenError, SidTakenError, StockRow
from ringfence.store.paging import page_of, place_of


class MemoryNumbers:
    """The numbers' half of `ports.store.AccountStore` over dictionaries."""

    def __init__(self) -> None:
        self._numbers: dict[str, NumberRow] = {}
        self._stock: dict[str, StockRow] = {}
        self._resting: dict[str, tuple[str, int]] = {}

    async def buy_number(self, row: NumberRow, *, from_stock: bool) -> None:
        if row.number in self._numbers or (from_stock and row.number not in self._stock):
            raise NumberTakenError
        if self._rests(row.number, row.account, row.created_ms):
            raise NumberTakenError
        if any((known.account, known.sid) == (row.account, row.sid) for known in self._numbers.values()):
            raise SidTakenError
        self._stock.pop(row.number, None)
        self._resting.pop(row.number, None)
        self._numbers[row.number] = row

    def _rests(self, number: str, account: str, at_ms: int) -> bool:
        """True where somebody else gave it up a short while ago."""
        whose, until_ms = self._resting.get(number, (account, 0))
        return whose != account and until_ms > at_ms

    async def number(self, account: str, sid: str) -> NumberRow | None:
        for row in self._numbers.values():
            if (row.account, row.sid) == (account, sid):
                return row
        return None

    async def number_by_e164(self, number: str) -> NumberRow | None:
        return self._numbers.get(number)

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
        like = None if number is None else _pattern(number, r".*")
        found = [
            row
            for row in self._numbers.values()
            if row.account == account
            and (like is None or like.fullmatch(row.number))
            and friendly_name in (None, row.friendly_name)
            and kind in (None, row.kind)
        ]
        known = None if before is None else await self.number(account, before)
        return page_of(
            found, None if before is None else place_of(before, None if known is None else known.created_ms), limit
        )

    async def update_number(self, row: NumberRow) -> None:
        known = await self.number(row.account, row.sid)
        if known is not None:
            self._numbers[known.number] = replace(
                known, friendly_name=row.friendly_name, standing=row.standing, updated_ms=row.updated_ms
            )

    async def release_number(self, account: str, sid: str, *, rests_until_ms: int = 0) -> bool:
        known = await self.number(account, sid)
        if known is None:
            return False
        if rests_until_ms:
            self._resting[known.number] = (account, rests_until_ms)
        del self._numbers[known.number]
        return True

    async def number_regions(self, account: str) -> list[str]:
        return sorted({row.region for row in self._numbers.values() if row.account == account and row.region})

    async def stock(self, rows: Sequence[StockRow]) -> int:
        before = len(self._stock)
        for row in rows:
            if row.number not in self._numbers:
                self._stock.setdefault(row.number, row)
        return len(self._stock) - before

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
        like = None if pattern is None else _pattern(pattern, r"[0-9]")
        found = [
            row
            for row in self._stock.values()
            if (row.region, row.kind) == (region, kind)
            and (like is None or like.search(row.number))
            and (area_code is None or row.number.startswith(f"+1{area_code}"))
            and not self._rests(row.number, account, at_ms)
        ]
        return sorted(found, key=lambda row: row.number)[:limit]

    async def stocked_regions(self) -> dict[str, frozenset[str]]:
        kinds: dict[str, set[str]] = {}
        for row in self._stock.values():
            kinds.setdefault(row.region, set()).add(row.kind)
        return {region: frozenset(found) for region, found in kinds.items()}


def _pattern(text: str, star: str) -> re.Pattern[str]:
    return re.compile(star.join(re.escape(part) for part in text.split("*")))

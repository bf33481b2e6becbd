"""Overrides and rate rules of lookups, in SQLite."""

from collections.abc import Sequence

from ringfence.ports.lookups import LookupUse, OverrideRow, RateRule
from ringfence.store.columns import OVERRIDE, RATE_RULE
from ringfence.store.sqlite_ground import SqliteGround
from ringfence.store.sqlite_session import SqliteWriter
from ringfence.store.statements import statements

SQL = statements("sqlite/lookups")

Using = tuple[str, Sequence[LookupUse], int]


class SqliteLookups(SqliteGround):
    """`ports.lookups.LookupStore`."""

    async def put_override(self, row: OverrideRow, *, new: bool) -> bool:
        return await self._write(_new_override if new else _change_override, row)

    async def override(self, account: str, tag: bytes) -> OverrideRow | None:
        row = self._one(SQL["override"], (account, tag))
        return None if row is None else OVERRIDE.read(row)

    async def delete_override(self, account: str, tag: bytes) -> bool:
        return await self._write(_delete_override, (account, tag))

    async def put_rate_rule(self, rule: RateRule) -> None:
        await self._write(_put_rule, rule)

    async def rate_rules(self, account: str) -> list[RateRule]:
        return [RATE_RULE.read(row) for row in self._all(SQL["rules"], (account,))]

    async def delete_rate_rule(self, account: str, field: str, bucket: str) -> bool:
        return await self._write(_delete_rule, (account, field, bucket))

    async def use_lookup(self, account: str, uses: Sequence[LookupUse], now_ms: int) -> list[bool]:
        return await self._write(_use, (account, uses, now_ms))


def _new_override(tx: SqliteWriter, rows: Sequence[OverrideRow]) -> list[bool]:
    return [tx.run(SQL["new_override"], OVERRIDE.write(row)).rowcount > 0 for row in rows]


def _change_override(tx: SqliteWriter, rows: Sequence[OverrideRow]) -> list[bool]:
    tx.erased = True
    return [
        tx.run(SQL["change_override"], (row.account, row.tag, row.line_type, row.standing, row.updated_ms)).rowcount > 0
        for row in rows
    ]


def _delete_override(tx: SqliteWriter, keys: Sequence[tuple[str, bytes]]) -> list[bool]:
    tx.erased = True
    return [tx.run(SQL["delete_override"], key).rowcount > 0 for key in keys]


def _put_rule(tx: SqliteWriter, rules: Sequence[RateRule]) -> list[None]:
    for rule in rules:
        tx.run(SQL["put_rule"], RATE_RULE.write(rule))
    return [None] * len(rules)


def _delete_rule(tx: SqliteWriter, keys: Sequence[tuple[str, str, str]]) -> list[bool]:
    for key in keys:
        tx.run(SQL["forget_uses"], key)
    return [tx.run(SQL["delete_rule"], key).rowcount > 0 for key in keys]


def _use(tx: SqliteWriter, usings: Sequence[Using]) -> list[list[bool]]:
    return [[_count(tx, account, use, now_ms) for use in uses] for account, uses, now_ms in usings]


def _count(tx: SqliteWriter, account: str, use: LookupUse, now_ms: int) -> bool:
    rule = use.rule
    key = (account, rule.field, rule.bucket)
    tx.run(SQL["forget_old_uses"], (*key, now_ms - rule.ttl_s * 1_000))
    return rule.limit > 0 and tx.run(SQL["use"], (*key, use.tag, now_ms, rule.limit)).rowcount > 0

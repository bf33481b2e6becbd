"""Overrides and rate rules of lookups, in PostgreSQL."""

from collections.abc import Sequence

from ringfence.ports.lookups import LookupUse, OverrideRow, RateRule
from ringfence.store.columns import OVERRIDE, RATE_RULE
from ringfence.store.postgres_committer import Connection
from ringfence.store.postgres_ground import PostgresGround, count
from ringfence.store.statements import statements

SQL = statements("postgres/lookups")

Using = tuple[str, Sequence[LookupUse], int]
_Place = tuple[str, str, str, bytes, int, int]


class PostgresLookups(PostgresGround):
    """`ports.lookups.LookupStore`."""

    async def put_override(self, row: OverrideRow, *, new: bool) -> bool:
        return await self._write(_new_override if new else _change_override, row)

    async def override(self, account: str, tag: bytes) -> OverrideRow | None:
        row = await self._one(SQL["override"], account, tag)
        return None if row is None else OVERRIDE.read(row)

    async def delete_override(self, account: str, tag: bytes) -> bool:
        return await self._write(_delete_override, (account, tag))

    async def put_rate_rule(self, rule: RateRule) -> None:
        await self._write(_put_rule, rule)

    async def rate_rules(self, account: str) -> list[RateRule]:
        return [RATE_RULE.read(row) for row in await self._all(SQL["rules"], account)]

    async def delete_rate_rule(self, account: str, field: str, bucket: str) -> bool:
        return await self._write(_delete_rule, (account, field, bucket))

    async def use_lookup(self, account: str, uses: Sequence[LookupUse], now_ms: int) -> list[bool]:
        return await self._write(_use, (account, uses, now_ms))


async def _new_override(tx: Connection, rows: Sequence[OverrideRow]) -> list[bool]:
    return [count(await tx.execute(SQL["new_override"], *OVERRIDE.write(row))) > 0 for row in rows]


async def _change_override(tx: Connection, rows: Sequence[OverrideRow]) -> list[bool]:
    changes = [(row.account, row.tag, row.line_type, row.standing, row.updated_ms) for row in rows]
    return [count(await tx.execute(SQL["change_override"], *change)) > 0 for change in changes]


async def _delete_override(tx: Connection, keys: Sequence[tuple[str, bytes]]) -> list[bool]:
    return [count(await tx.execute(SQL["delete_override"], *key)) > 0 for key in keys]


async def _put_rule(tx: Connection, rules: Sequence[RateRule]) -> list[None]:
    for rule in rules:
        await tx.execute(SQL["put_rule"], *RATE_RULE.write(rule))
    return [None] * len(rules)


async def _delete_rule(tx: Connection, keys: Sequence[tuple[str, str, str]]) -> list[bool]:
    gone = []
    for key in keys:
        await tx.execute(SQL["forget_uses"], *key)
        gone.append(count(await tx.execute(SQL["delete_rule"], *key)) > 0)
    return gone


async def _use(tx: Connection, usings: Sequence[Using]) -> list[list[bool]]:
    """In order of their keys, whoever asked: two processes that count the same things do not wait for each other."""
    had = [[False] * len(uses) for _, uses, _ in usings]
    places: list[_Place] = sorted(
        (account, use.rule.field, use.rule.bucket, use.tag, at, number)
        for at, (account, uses, _) in enumerate(usings)
        for number, use in enumerate(uses)
    )
    for account, field, bucket, tag, at, number in places:
        rule, now_ms = usings[at][1][number].rule, usings[at][2]
        await tx.execute(SQL["forget_old_uses"], account, field, bucket, now_ms - rule.ttl_s * 1_000)
        if rule.limit > 0:
            used = await tx.execute(SQL["use"], account, field, bucket, tag, now_ms, rule.limit)
            had[at][number] = count(used) > 0
    return had

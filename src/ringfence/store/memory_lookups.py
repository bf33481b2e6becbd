"""Overrides and rate rules of lookups, in memory."""

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from ringfence.ports.lookups import LookupUse, OverrideRow, RateRule


class _Count(msgspec.Struct):
    began_ms: int
    used: int


class MemoryLookups:
    """`ports.lookups.LookupStore` over dictionaries."""

    def __init__(self) -> None:
        self._overrides: dict[tuple[str, bytes], OverrideRow] = {}
        self._rules: dict[tuple[str, str, str], RateRule] = {}
        self._uses: dict[tuple[str, str, str], dict[bytes, _Count]] = {}

    async def put_override(self, row: OverrideRow, *, new: bool) -> bool:
        known = self._overrides.get((row.account, row.tag))
        if new is not (known is None):
            return False
        if known is not None:
            row = replace(known, line_type=row.line_type, standing=row.standing, updated_ms=row.updated_ms)
        self._overrides[row.account, row.tag] = row
        return True

    async def override(self, account: str, tag: bytes) -> OverrideRow | None:
        return self._overrides.get((account, tag))

    async def delete_override(self, account: str, tag: bytes) -> bool:
        return self._overrides.pop((account, tag), None) is not None

    async def put_rate_rule(self, rule: RateRule) -> None:
        key = (rule.account, rule.field, rule.bucket)
        known = self._rules.get(key, rule)
        self._rules[key] = replace(rule, created_ms=known.created_ms)

    async def rate_rules(self, account: str) -> list[RateRule]:
        return [rule for key, rule in sorted(self._rules.items()) if key[0] == account]

    async def delete_rate_rule(self, account: str, field: str, bucket: str) -> bool:
        self._uses.pop((account, field, bucket), None)
        return self._rules.pop((account, field, bucket), None) is not None

    async def use_lookup(self, account: str, uses: Sequence[LookupUse], now_ms: int) -> list[bool]:
        return [self._use(account, use.rule, use.tag, now_ms) for use in uses]

    def _use(self, account: str, rule: RateRule, tag: bytes, now_ms: int) -> bool:
        key = (account, rule.field, rule.bucket)
        old_ms = now_ms - rule.ttl_s * 1_000
        counts = {tag: count for tag, count in self._uses.get(key, {}).items() if count.began_ms > old_ms}
        self._uses[key] = counts
        count = counts.setdefault(tag, _Count(now_ms, 0)) if rule.limit > 0 else _Count(now_ms, 0)
        if count.used >= rule.limit:
            return False
        count.used += 1
        return True

"""What an account says a number's line type is, against whatever a lookup would answer.

Source: Twilio, "Lookup v2 Line Type Override". A row names its number by a blind index and seals the reason.
"""

import msgspec

from ringfence.domain.clock import Clock
from ringfence.ports.keys import Caller, TenantKeys
from ringfence.ports.lookups import LookupStore, OverrideRow

TABLE = "lookup_override"


class Override(msgspec.Struct, frozen=True, kw_only=True):
    """An override as its tenant sees it."""

    original_type: str
    line_type: str
    reason: str
    updated_ms: int

    def __repr__(self) -> str:
        return f"Override({self.original_type}, {self.line_type})"


class Overrides:
    """The overrides of accounts."""

    def __init__(self, store: LookupStore, keys: TenantKeys, clock: Clock) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock

    async def make(
        self, account: str, number: str, *, original_type: str, line_type: str, reason: str
    ) -> Override | None:
        """A new one; None where the number has one."""
        row = await self._row(account, number, original_type, line_type, reason)
        return _shown(row, reason) if await self._store.put_override(row, new=True) else None

    async def change(
        self, caller: Caller, account: str, number: str, *, line_type: str | None, reason: str | None
    ) -> Override | None:
        """Change what is given; None where there is none."""
        known = await self.fetch(caller, account, number)
        if known is None:
            return None
        reason = known.reason if reason is None else reason
        row = await self._row(account, number, known.original_type, line_type or known.line_type, reason)
        return _shown(row, reason) if await self._store.put_override(row, new=False) else None

    async def fetch(self, caller: Caller, account: str, number: str) -> Override | None:
        """The override of a number in E.164. KeyRefusedError for who is not its tenant."""
        row = await self._store.override(account, await tag_of(self._keys, account, number))
        if row is None:
            return None
        (reason,) = await self._keys.open_standing_as(caller, account, [(override_record(row.tag), row.standing)])
        return _shown(row, reason.decode())

    async def delete(self, account: str, number: str) -> bool:
        """False where there is none."""
        return await self._store.delete_override(account, await tag_of(self._keys, account, number))

    async def _row(self, account: str, number: str, original_type: str, line_type: str, reason: str) -> OverrideRow:
        tag, now_ms = await tag_of(self._keys, account, number), self._clock.now_ms()
        (standing,) = await self._keys.seal_standing(account, [(override_record(tag), reason.encode())])
        return OverrideRow(
            account=account,
            tag=tag,
            line_type=line_type,
            original_type=original_type,
            standing=standing,
            created_ms=now_ms,
            updated_ms=now_ms,
        )


async def tag_of(keys: TenantKeys, account: str, number: str) -> bytes:
    """What names a number's override."""
    (tag,) = await keys.blind(account, TABLE, [number])
    return tag


def override_record(tag: bytes) -> str:
    """Under which name the reason of an override is sealed."""
    return f"{TABLE}/{tag.hex()}"


def _shown(row: OverrideRow, reason: str) -> Override:
    return Override(original_type=row.original_type, line_type=row.line_type, reason=reason, updated_ms=row.updated_ms)

"""Who knows more of a number than its plan, and what tenants set for their lookups."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from ringfence.domain.lookups.identity import Identity
from ringfence.domain.lookups.packages import Packages


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is wanted to be known of a number in E.164: names of `domain.lookups.packages.FIELDS`.

    `last_verified_date` is YYYYMMDD, for the field reassigned_number; `claimed` for identity_match.
    """

    number: str
    country: str
    fields: tuple[str, ...]
    claimed: Identity = Identity()
    last_verified_date: str = ""
    partner_sub_id: str = ""

    def __repr__(self) -> str:
        return f"Question({self.country}, {', '.join(self.fields)})"


class NumberIntelligence(Protocol):
    """A source: a carrier, a data service, or the simulator."""

    async def know(self, question: Question) -> Packages:
        """What it knows of the fields that were asked for; one it knows nothing of is None. ConnectionError."""


class OverrideRow(msgspec.Struct, frozen=True, kw_only=True):
    """What an account says a number's line type is. `tag` is the number's blind index, table `lookup_override`.

    `standing` is the sealed reason (a tenant's own words); `original_type` what it was without.
    """

    account: str
    tag: bytes
    line_type: str
    original_type: str
    standing: bytes
    created_ms: int
    updated_ms: int


class RateRule(msgspec.Struct, frozen=True, kw_only=True):
    """At most `limit` lookups of a field in `ttl_s` seconds, by account, or in the bucket phone_number by number."""

    account: str
    field: str
    bucket: str
    limit: int
    ttl_s: int
    created_ms: int
    updated_ms: int


class LookupUse(msgspec.Struct, frozen=True):
    """One lookup that is to be counted: a rule, and whom it counts for (b"" for the whole account)."""

    rule: RateRule
    tag: bytes = b""


class LookupStore(Protocol):
    """Overrides and rate rules of all accounts."""

    async def put_override(self, row: OverrideRow, *, new: bool) -> bool:
        """Write one that is `new`, or change one that is there, but for what it was made with. False: it is not so."""

    async def override(self, account: str, tag: bytes) -> OverrideRow | None: ...

    async def delete_override(self, account: str, tag: bytes) -> bool: ...

    async def put_rate_rule(self, rule: RateRule) -> None:
        """Write or replace it; its count goes on."""

    async def rate_rules(self, account: str) -> list[RateRule]:
        """By field and bucket."""

    async def delete_rate_rule(self, account: str, field: str, bucket: str) -> bool: ...

    async def use_lookup(self, account: str, uses: Sequence[LookupUse], now_ms: int) -> list[bool]:
        """Count each of an account's uses where its rule has room: which had, in order.

        A rule's span begins with the first use, and the next with the first one after it.
        """

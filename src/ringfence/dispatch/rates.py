"""Rates of numbers and of accounts: a text spends a token of both."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from ringfence.domain.token_bucket import TokenBucket
from ringfence.ports.operations import AllowedRate

Key = TypeVar("Key")

FORGET_AFTER = 10_000


class Rates:
    """Token buckets per (account, sender) and per account, made on first use. Rates in messages a second.

    `numbers` and `accounts` have rates of their own; all others have the common ones.
    """

    def __init__(
        self,
        *,
        number_rate_mps: float,
        account_rate_mps: float,
        numbers: Mapping[str, float] | None = None,
        accounts: Mapping[str, float] | None = None,
    ) -> None:
        self._number_rate_mps = number_rate_mps
        self._account_rate_mps = account_rate_mps
        self._set_numbers, self._set_accounts = dict(numbers or {}), dict(accounts or {})
        self._rate_of_number, self._rate_of_account = self._set_numbers, self._set_accounts
        self._numbers: dict[tuple[str, str], TokenBucket] = {}
        self._accounts: dict[str, TokenBucket] = {}

    def allow(self, rows: Sequence[AllowedRate]) -> None:
        """Send at these rates in place of what was set; all that there are."""
        numbers = {row.name: row.rate_mps for row in rows if row.kind == "number"}
        accounts = {row.name: row.rate_mps for row in rows if row.kind == "account"}
        self._rate_of_number = {**self._set_numbers, **numbers}
        self._rate_of_account = {**self._set_accounts, **accounts}
        # Buckets are made anew at the new rates, full.
        self._numbers = {key: bucket for key, bucket in self._numbers.items() if key[1] not in numbers}
        self._accounts = {key: bucket for key, bucket in self._accounts.items() if key not in accounts}

    def number_rate_mps(self, sender: str) -> float:
        """What this number may send in a second."""
        return self._rate_of_number.get(sender, self._number_rate_mps)

    def take(self, account: str, sender: str, wanted: int, now_ms: int) -> tuple[int, int]:
        """(how many may go now, milliseconds to wait when none may)."""
        number = _bucket(self._numbers, (account, sender), self.number_rate_mps(sender), now_ms)
        account_rate_mps = self._rate_of_account.get(account, self._account_rate_mps)
        whole = _bucket(self._accounts, account, account_rate_mps, now_ms)
        granted = number.take(wanted, now_ms)
        allowed = whole.take(granted, now_ms)
        number.give_back(granted - allowed)
        if allowed:
            return allowed, 0
        return 0, max(number.wait_ms(now_ms), whole.wait_ms(now_ms), 1)

    def give_back(self, account: str, sender: str, tokens: int) -> None:
        """Return the tokens of texts that the carrier did not take."""
        for bucket in (self._numbers.get((account, sender)), self._accounts.get(account)):
            # Forgotten since then: a new one is full anyway.
            if bucket is not None:
                bucket.give_back(tokens)


def _bucket(buckets: dict[Key, TokenBucket], key: Key, rate_mps: float, now_ms: int) -> TokenBucket:
    bucket = buckets.get(key)
    if bucket is None:
        if len(buckets) >= FORGET_AFTER:
            buckets.clear()
        bucket = buckets[key] = TokenBucket(rate_mps, burst=max(1.0, rate_mps), now_ms=now_ms)
    return bucket

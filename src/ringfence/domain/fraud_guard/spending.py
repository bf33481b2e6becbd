"""What codes may cost within a day: an account with its subaccounts, and whatever else has a bound of its own.

A code counts with the most that it can cost, before anything is sent. Amounts are micros of the rate table's currency.
"""

from typing import Final

import msgspec

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
WHOLE: Final = ""
"""The owner that stands for an account with all its subaccounts; others are SIDs, of a subaccount or a service."""


class Bound(msgspec.Struct, frozen=True, array_like=True):
    """All codes of `owner` may cost so much within a day."""

    owner: str
    limit_micros: int


class Spending(msgspec.Struct, frozen=True, kw_only=True):
    """What a code costs at most, and the bounds it counts against. `tenant` is the top-level account."""

    tenant: str
    micros: int
    bounds: tuple[Bound, ...]


class Overspent(msgspec.Struct, frozen=True, kw_only=True):
    """A bound that one more code would break, and what was spent of it."""

    owner: str
    spent_micros: int
    limit_micros: int


def hour_of(at_ms: int) -> int:
    """When the hour began that a code is counted in."""
    return at_ms // HOUR_MS * HOUR_MS


def since(at_ms: int) -> int:
    """The first hour that counts at `at_ms`: whole hours, so that a day is 24 hours and up to one more."""
    return hour_of(at_ms - DAY_MS)

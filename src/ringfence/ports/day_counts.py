"""How many texts, calls and recordings an account had by day, and what they cost. Part of the store, reads alone.

Counted in the transaction of each change, so exact at all times, and read without a look at the texts and calls, but
for the texts that wait to be sent. Days are UTC, of when a text or a call was made. What was deleted stays counted, as
its rated record stays, unless it was never sent.
"""

from typing import Final, Protocol

import msgspec

from ringfence.domain import call, message

DAY_MS: Final = 86_400_000


class DayTexts(msgspec.Struct, frozen=True, kw_only=True):
    """The texts of a day in one status, in one direction, priced in one currency.

    `day_ms` is when the day began. Those that bring codes of Verify are counted apart. `spent_micros` is what they
    cost by now, in millionths: those that are on their way too.
    """

    day_ms: int
    direction: message.Direction
    status: message.Status
    brings_code: bool = False
    texts: int
    segments: int
    price_unit: str = "USD"
    spent_micros: int = 0


class DayCalls(msgspec.Struct, frozen=True, kw_only=True):
    """The calls of a day, as `DayTexts`. `seconds` are those of calls that are over, from answer to end."""

    day_ms: int
    direction: call.Direction
    status: call.Status
    brings_code: bool = False
    calls: int
    seconds: int = 0
    price_unit: str = "USD"
    spent_micros: int = 0


class DayRecordings(msgspec.Struct, frozen=True, kw_only=True):
    """The recordings of a day that ended. `seconds` are theirs; those of each are rounded up."""

    day_ms: int
    recordings: int
    seconds: int


class DayCounts(Protocol):
    """What an account's days brought, the latest day first; of days that begin in [`from_ms`, `to_ms`)."""

    async def texts_by_day(self, account: str, from_ms: int, to_ms: int) -> list[DayTexts]: ...

    async def calls_by_day(self, account: str, from_ms: int, to_ms: int) -> list[DayCalls]: ...

    async def recordings_by_day(self, account: str, from_ms: int, to_ms: int) -> list[DayRecordings]: ...

"""How many codes Verify sent by day, what became of them, and what they cost. Part of the store, reads alone.

Counted in the transaction of each change, so exact at all times, and read without a look at the verifications. Days are
UTC: of when a verification or a sending was made, and of when the text or the call was that cost something.
"""

from enum import StrEnum
from typing import Protocol

import msgspec


class CodeMeasure(StrEnum):
    """What is counted.

    `STARTED` and `APPROVED` are verifications. `SENT` and `CONVERTED` are sendings: all of a verification whose code
    was entered convert. `REFUSED` are starts that were refused before anything was sent, by Twilio's code. `SPENT` is
    money alone.
    """

    STARTED = "started"
    APPROVED = "approved"
    SENT = "sent"
    CONVERTED = "converted"
    REFUSED = "refused"
    SPENT = "spent"


class DayCodes(msgspec.Struct, frozen=True, kw_only=True):
    """One measure of a day, of one service.

    `day_ms` is when the day began. `channel` is "" for verifications, which may be sent by several. `refusal` is 0
    where nothing was refused. `spent_micros` is what texts and calls cost, in millionths of `price_unit`.
    """

    day_ms: int
    service: str
    measure: CodeMeasure
    channel: str = ""
    refusal: int = 0
    price_unit: str = ""
    number: int = 0
    spent_micros: int = 0


class CodeCounts(Protocol):
    """What an account's days brought of codes, the latest day first; of days that begin in [`from_ms`, `to_ms`)."""

    async def codes_by_day(
        self, account: str, from_ms: int, to_ms: int, *, service: str | None = None
    ) -> list[DayCodes]:
        """Of one service, or of all."""

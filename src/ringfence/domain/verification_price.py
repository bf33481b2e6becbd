"""What sending a code costs at most, known before it is sent. Amounts are micros of the rate table's currency."""

from typing import Final

from ringfence.domain.call import Direction
from ringfence.domain.dialing.destination import rate_of
from ringfence.domain.number import Number
from ringfence.domain.rating import DEVELOPMENT_RATES, RateTable, rate
from ringfence.domain.segments import segment
from ringfence.domain.spoken_code import CODE_PLACE

CALL_MINUTES_MAX: Final = 2
"""Calls with codes are ended after so long."""


def price_of_text(words: str, code_length: int, region: str, table: RateTable = DEVELOPMENT_RATES) -> int:
    """Of a text in these words, which hold `{{code}}`."""
    return rate(segment(words.replace(CODE_PLACE, "0" * code_length)).count, region, inbound=False, table=table)


def price_of_call(to: Number) -> int:
    """Of a call that lasts as long as it may."""
    return CALL_MINUTES_MAX * rate_of(Direction.OUTBOUND_API, to.e164, to.region)

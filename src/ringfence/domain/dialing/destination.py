"""Where a call goes, and how risky that is: by region and number range, never by country code alone.

+1 809 is the Dominican Republic and +1 900 a premium number of the United States; what both begin with says neither.
Source: Twilio, "Voice dialing geographic permissions"; ITU-T E.164 for services of no country; phonenumbers.
"""

import functools
from enum import StrEnum
from importlib.resources import files

import msgspec

from ringfence.domain.call import Direction
from ringfence.domain.call_rating import DEVELOPMENT_CALL_RATES, CallRates, call_rate
from ringfence.domain.number import NumberKind, parse_e164

NO_COUNTRY = "001"
MAX_PREFIX_DIGITS = 9
_SPECIAL = frozenset(
    {
        NumberKind.PREMIUM,
        NumberKind.SHARED_COST,
        NumberKind.PERSONAL,
        NumberKind.PAGER,
        NumberKind.UAN,
        NumberKind.VOICEMAIL,
    }
)


class Risk(StrEnum):
    """How risky a number is, in Twilio's three steps."""

    LOW = "low"
    SPECIAL = "special"
    TOLLFRAUD = "tollfraud"


class Destination(msgspec.Struct, frozen=True):
    """A number's region (ISO 3166, "001" for none), its risk, and the price of a minute in micros."""

    region: str
    risk: Risk
    rate_micros: int


def destination_of(address: str, table: CallRates = DEVELOPMENT_CALL_RATES) -> Destination | None:
    """Where a call to `address` goes; None for what is no telephone number: a client, or a SIP address."""
    number = parse_e164(address)
    if number is None:
        return None
    risk = _risk(number.e164) or (Risk.SPECIAL if number.kind in _SPECIAL else Risk.LOW)
    if number.region == NO_COUNTRY and number.kind is not NumberKind.TOLL_FREE:
        risk = Risk.TOLLFRAUD
    rate_micros = call_rate(Direction.OUTBOUND_API, number.region, table)
    return Destination(number.region, risk, rate_micros if risk is Risk.LOW else max(rate_micros, table.high_risk))


def rate_of(direction: Direction, address: str, region: str, table: CallRates = DEVELOPMENT_CALL_RATES) -> int:
    """The price of a minute in micros. `address` is the end that is called, `region` that of the other end."""
    destination = None if direction is Direction.INBOUND else destination_of(address, table)
    return call_rate(direction, region, table) if destination is None else destination.rate_micros


def special_prefixes(region: str) -> list[str]:
    """The prefixes of a region's special numbers that are known by heart, as `+37181`, in order."""
    return sorted(
        f"+{prefix}" for prefix, (owner, risk) in _prefixes().items() if owner == region and risk is Risk.SPECIAL
    )


def _risk(e164: str) -> Risk | None:
    digits = e164[1:]
    for length in range(min(MAX_PREFIX_DIGITS, len(digits)), 0, -1):
        known = _prefixes().get(digits[:length])
        if known is not None:
            return known[1]
    return None


@functools.cache
def _prefixes() -> dict[str, tuple[str, Risk]]:
    lines = files("ringfence.domain.dialing").joinpath("high_risk.tsv").read_text("utf-8").splitlines()
    rows = (line.split("\t") for line in lines if not line.startswith("#"))
    return {prefix: (region, Risk(risk)) for prefix, region, risk in rows}

"""What a text costs the tenant: a price a segment, by region and direction.

Amounts are whole micros of the table's currency (1 USD = 1,000,000), so that sums are exact.
"""

from collections.abc import Mapping

import msgspec

MICROS = 1_000_000
# Twilio's prices carry five decimals ("-0.00790").
DECIMALS = 5
_MICROS_PER_LAST_DECIMAL = MICROS // 10**DECIMALS


class RateTable(msgspec.Struct, frozen=True, kw_only=True):
    """Prices in micros a segment, by region (ISO 3166 alpha-2); regions not listed pay `elsewhere_…`."""

    currency: str
    outbound: Mapping[str, int]
    inbound: Mapping[str, int]
    elsewhere_outbound: int
    elsewhere_inbound: int


# Invented figures of a plausible size: an operator loads its own.
DEVELOPMENT_RATES = RateTable(
    currency="USD",
    outbound={
        "US": 7_900, "CA": 7_900, "GB": 42_000, "IE": 61_000, "FR": 76_000, "DE": 96_000, "ES": 78_000, "IT": 81_000,
        "NL": 98_000, "AU": 51_500, "IN": 83_000, "MX": 11_000, "BR": 32_000, "JP": 78_500, "DO": 57_000,
    },
    inbound={"US": 7_500, "CA": 7_500, "GB": 7_500, "AU": 7_500},
    elsewhere_outbound=90_000,
    elsewhere_inbound=7_500,
)  # fmt: skip


def rate(segments: int, region: str, *, inbound: bool, table: RateTable) -> int:
    """The price of a text in micros, zero or more. `region` is that of the number at the other end."""
    if segments < 0:
        raise ValueError("a text has no negative number of segments")
    if inbound:
        return segments * table.inbound.get(region, table.elsewhere_inbound)
    return segments * table.outbound.get(region, table.elsewhere_outbound)


def format_price(price_micros: int) -> str:
    """The price as Twilio's Message resource shows it: a charge is negative ("-0.00790"), nothing is "0.00000".

    A charge that five decimals cannot show is rounded up.
    """
    steps = -(-abs(price_micros) // _MICROS_PER_LAST_DECIMAL)
    whole, fraction = divmod(steps, 10**DECIMALS)
    return f"{'-' if price_micros > 0 else ''}{whole}.{fraction:0{DECIMALS}}"

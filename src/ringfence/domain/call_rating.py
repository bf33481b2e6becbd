"""What a call costs the tenant: a price a minute begun, by region and direction, in micros of the table's currency.

Source: Twilio, "Voice pricing" (each minute begun is billed; a call that was not answered costs nothing).
"""

from collections.abc import Mapping

import msgspec

from ringfence.domain.call import Direction


class CallRates(msgspec.Struct, frozen=True, kw_only=True):
    """Prices in micros a minute, by region (ISO 3166 alpha-2); `internal` is for SIP addresses and clients.

    `high_risk` is the least that numbers of risky ranges cost (`domain.dialing.destination`).
    """

    outbound: Mapping[str, int]
    inbound: Mapping[str, int]
    elsewhere_outbound: int
    elsewhere_inbound: int
    internal: int
    high_risk: int


# Invented figures of a plausible size: an operator loads its own.
DEVELOPMENT_CALL_RATES = CallRates(
    outbound={
        "US": 14_000, "CA": 14_000, "GB": 15_000, "IE": 22_000, "FR": 18_000, "DE": 17_000, "ES": 19_000, "IT": 21_000,
        "NL": 24_000, "AU": 26_000, "IN": 33_000, "MX": 19_000, "BR": 38_000, "JP": 74_000, "DO": 110_000,
    },
    inbound={"US": 8_500, "CA": 8_500, "GB": 10_000, "AU": 10_000},
    elsewhere_outbound=250_000,
    elsewhere_inbound=10_000,
    internal=4_000,
    high_risk=2_000_000,
)  # fmt: skip


def call_rate(direction: Direction, region: str, table: CallRates = DEVELOPMENT_CALL_RATES) -> int:
    """The price of a minute in micros. `region` is that of the other end, "" for a SIP address or a client."""
    if not region:
        return table.internal
    if direction is Direction.INBOUND:
        return table.inbound.get(region, table.elsewhere_inbound)
    return table.outbound.get(region, table.elsewhere_outbound)

"""Rating: exact sums, Twilio's way of writing them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.rating import DEVELOPMENT_RATES, RateTable, format_price, rate

TABLE = RateTable(
    currency="EUR", outbound={"FR": 70_000}, inbound={"FR": 5_000}, elsewhere_outbound=90_000, elsewhere_inbound=8_000
)


@pytest.mark.parametrize(
    ("segments", "region", "inbound", "micros"),
    [
        (1, "FR", False, 70_000),
        (3, "FR", False, 210_000),
        (2, "FR", True, 10_000),
        (2, "XX", False, 180_000),
        (2, "", True, 16_000),
        (0, "FR", False, 0),
    ],
)
def test_a_text_costs_its_segments(segments, region, inbound, micros):
    assert rate(segments, region, inbound=inbound, table=TABLE) == micros


def test_a_negative_count_is_refused():
    with pytest.raises(ValueError, match="negative"):
        rate(-1, "FR", inbound=True, table=TABLE)


@pytest.mark.parametrize(
    ("micros", "text"),
    [
        (7_900, "-0.00790"),
        (0, "0.00000"),
        (1_000_000, "-1.00000"),
        (12_345_670, "-12.34567"),
        (10, "-0.00001"),
        (11, "-0.00002"),  # a charge is never shown too small
        (1, "-0.00001"),
        (-7_900, "0.00790"),  # a credit
    ],
)
def test_prices_are_written_as_twilio_writes_them(micros, text):
    assert format_price(micros) == text


@given(st.integers(0, 10**12))
def test_what_is_written_is_the_charge_to_less_than_one_last_decimal(micros):
    written = -Decimal(format_price(micros)) * 1_000_000
    assert 0 <= written - micros < 10


def test_the_development_table_prices_the_demo():
    assert DEVELOPMENT_RATES.currency == "USD"
    assert format_price(rate(1, "US", inbound=False, table=DEVELOPMENT_RATES)) == "-0.00790"
    assert format_price(rate(1, "US", inbound=True, table=DEVELOPMENT_RATES)) == "-0.00750"
    assert all(price > 0 for price in (*DEVELOPMENT_RATES.outbound.values(), *DEVELOPMENT_RATES.inbound.values()))

"""Where calls go: by region and number range, whatever country code they share."""

import pytest

from ringfence.domain.call import Direction
from ringfence.domain.dialing.destination import Destination, Risk, destination_of, rate_of, special_prefixes


@pytest.mark.parametrize(
    ("number", "region", "risk"),
    [
        ("+12025550177", "US", Risk.LOW),
        ("+18885550100", "US", Risk.LOW),
        ("+14165550100", "CA", Risk.LOW),
        ("+442079460000", "GB", Risk.LOW),
        ("+18095551234", "DO", Risk.TOLLFRAUD),
        ("+18765551234", "JM", Risk.TOLLFRAUD),
        ("+12645551234", "AI", Risk.TOLLFRAUD),
        ("+447624123456", "IM", Risk.TOLLFRAUD),
        ("+88213123456", "001", Risk.TOLLFRAUD),
        ("+979123456789", "001", Risk.TOLLFRAUD),
        ("+80012345678", "001", Risk.LOW),
        ("+25261234567", "SO", Risk.TOLLFRAUD),
        ("+37126123456", "LV", Risk.TOLLFRAUD),
        ("+37167123456", "LV", Risk.LOW),
        ("+37181123456", "LV", Risk.SPECIAL),
        ("+19005551234", "US", Risk.SPECIAL),
        ("+449098790000", "GB", Risk.SPECIAL),
        ("+447012345678", "GB", Risk.SPECIAL),
        ("+491371234567", "DE", Risk.SPECIAL),
    ],
)
def test_a_number_has_its_region_and_its_risk(number: str, region: str, risk: Risk) -> None:
    found = destination_of(number)
    assert found is not None
    assert (found.region, found.risk) == (region, risk)


@pytest.mark.parametrize("address", ["client:ann", "sip:ann@example.com", "", "ann"])
def test_what_is_no_number_goes_nowhere(address: str) -> None:
    assert destination_of(address) is None


def test_a_risky_number_costs_more_than_its_country() -> None:
    assert destination_of("+37167123456") == Destination("LV", Risk.LOW, 250_000)
    assert destination_of("+37126123456") == Destination("LV", Risk.TOLLFRAUD, 2_000_000)
    assert destination_of("+19005551234") == Destination("US", Risk.SPECIAL, 2_000_000)


def test_what_comes_in_costs_by_its_region_whatever_number_it_reaches() -> None:
    assert rate_of(Direction.INBOUND, "+19005551234", "US") == 8_500
    assert rate_of(Direction.OUTBOUND_DIAL, "+19005551234", "US") == 2_000_000
    assert rate_of(Direction.OUTBOUND_API, "client:ann", "") == 4_000


def test_a_country_s_special_prefixes() -> None:
    assert special_prefixes("LV") == ["+37181", "+3719000", "+37190"] or special_prefixes("LV") == sorted(
        special_prefixes("LV")
    )
    assert "+37181" in special_prefixes("LV")
    assert special_prefixes("XX") == []

"""What an account permits its calls, and what holds where it said nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.dialing.countries import calling_codes, continent_of, countries, permission_region
from ringfence.domain.dialing.destination import Destination, Risk
from ringfence.domain.dialing.permissions import CountryPermission, VoiceSettings, decode_settings, encode_settings


def goes_to(region: str, risk: Risk = Risk.LOW) -> Destination:
    return Destination(region, risk, 1)


def test_only_ordinary_numbers_at_home_may_be_called_unasked() -> None:
    unset = VoiceSettings()
    assert unset.permits(goes_to("US"))
    assert unset.permits(goes_to("CA"))
    assert not unset.permits(goes_to("US", Risk.SPECIAL))
    assert not unset.permits(goes_to("US", Risk.TOLLFRAUD))
    assert not unset.permits(goes_to("GB"))
    assert not unset.permits(goes_to("001", Risk.TOLLFRAUD))
    assert unset.permits(goes_to("GB"), home=("GB",))
    assert not unset.permits(goes_to("US"), home=("GB",))


@pytest.mark.parametrize("risk", list(Risk))
def test_each_risk_is_permitted_by_itself(risk: Risk) -> None:
    only = CountryPermission(*(risk is each for each in (Risk.LOW, Risk.SPECIAL, Risk.TOLLFRAUD)))
    settings = VoiceSettings(countries={"LV": only})
    assert [other for other in Risk if settings.permits(goes_to("LV", other))] == [risk]
    assert not settings.permits(goes_to("EE", risk))


def test_what_was_taken_away_at_home_is_taken_away() -> None:
    settings = VoiceSettings(countries={"US": CountryPermission()})
    assert not settings.permits(goes_to("US"))
    assert not settings.permits(goes_to("CA"))


permissions = st.builds(CountryPermission, st.booleans(), st.booleans(), st.booleans())


some_countries = st.dictionaries(st.sampled_from(["US", "GB", "LV"]), permissions)


@given(st.builds(VoiceSettings, inherits=st.booleans(), countries=some_countries))
def test_settings_come_back_as_they_were(settings: VoiceSettings) -> None:
    assert decode_settings(encode_settings(settings)) == settings


def test_what_was_never_set_is_the_default() -> None:
    assert decode_settings(None) == VoiceSettings()


def test_every_country_has_a_continent_and_a_code() -> None:
    assert len(countries()) > 230
    assert "CA" not in countries()
    assert permission_region("CA") == "US"
    assert permission_region("GB") == "GB"
    assert all(continent_of(country) and calling_codes(country) for country in countries())
    assert (continent_of("US"), calling_codes("GB"), calling_codes("XX")) == ("NORTH_AMERICA", ("+44",), ())

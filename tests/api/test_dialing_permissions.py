"""Dialing permissions, through the official SDK, and what they do to calls."""

import json
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException

URL = "https://shop.example/voice"


def permissions(tenant: Any) -> Any:
    return tenant.client().voice.v1.dialing_permissions


def permit(tenant: Any, *rows: dict[str, Any]) -> Any:
    return permissions(tenant).bulk_country_updates.create(update_request=json.dumps(rows))


def call(tenant: Any, to: str) -> int:
    """0 where the call is accepted, else the code."""
    try:
        tenant.client().calls.create(to=to, from_=tenant.number(), url=URL)
    except TwilioRestException as refused:
        return int(refused.code)
    return 0


def test_only_ordinary_numbers_at_home_are_permitted_unasked(tenant: Any) -> None:
    (enabled,) = permissions(tenant).countries.list(low_risk_numbers_enabled=True)
    assert (enabled.iso_code, enabled.name, enabled.continent) == ("US", "United States/Canada", "NORTH_AMERICA")
    assert enabled.country_codes == ["+1"]
    assert enabled.high_risk_special_numbers_enabled is enabled.high_risk_tollfraud_numbers_enabled is False
    assert permissions(tenant).countries.list(high_risk_tollfraud_numbers_enabled=True) == []
    assert call(tenant, "+12025550177") == 0
    assert call(tenant, "+14165550100") == 0


@pytest.mark.parametrize("number", ["+447911123456", "+18095551234", "+18765551234", "+19005551234", "+88213123456"])
def test_a_call_elsewhere_is_refused(tenant: Any, number: str) -> None:
    assert call(tenant, number) == 21215


def test_a_country_is_permitted_and_forbidden_again(tenant: Any) -> None:
    made = permit(tenant, {"iso_code": "GB", "low_risk_numbers_enabled": "true"})
    assert (made.update_count, made.update_request) == (1, "accepted")
    shown = permissions(tenant).countries("GB").fetch()
    assert (shown.low_risk_numbers_enabled, shown.high_risk_special_numbers_enabled) == (True, False)
    assert call(tenant, "+442079460000") == 0
    assert call(tenant, "+447012345678") == 21215
    permit(tenant, *({"iso_code": code, "low_risk_numbers_enabled": False} for code in ("gb", "US")))
    assert call(tenant, "+442079460000") == 21215
    assert call(tenant, "+12025550177") == 21215


def test_what_costs_too_much_is_refused_though_it_is_permitted(tenant: Any) -> None:
    permit(tenant, {"iso_code": "US", "high_risk_special_numbers_enabled": "true"})
    assert permissions(tenant).countries("US").fetch().low_risk_numbers_enabled is True
    assert call(tenant, "+19005551234") == 21216


def test_countries_are_listed_by_code_in_pages_and_filtered(tenant: Any) -> None:
    countries = permissions(tenant).countries
    codes = [country.iso_code for country in countries.list(page_size=30)]
    assert codes == sorted(codes)
    assert len(codes) == len(set(codes)) > 230
    assert [country.iso_code for country in countries.list(country_code="371")] == ["LV"]
    assert {country.iso_code for country in countries.list(country_code="1")} > {"US", "DO", "JM"}
    assert {country.continent for country in countries.list(continent="oceania")} == {"OCEANIA"}
    prefixes = [item.prefix for item in countries("LV").highrisk_special_prefixes.list(page_size=1)]
    assert "+37181" in prefixes
    assert len(prefixes) == len(set(prefixes)) > 1
    with pytest.raises(TwilioRestException) as refused:
        countries("XX").fetch()
    assert refused.value.status == 404


BAD = (
    "",
    "x",
    "{}",
    "[]",
    "[1]",
    '[{"iso_code": "XX"}]',
    '[{"low_risk_numbers_enabled": true}]',
    '[{"iso_code": "GB", "low_risk_numbers_enabled": "perhaps"}]',
)


@pytest.mark.parametrize("text", BAD)
def test_a_bad_update_changes_nothing(tenant: Any, text: str) -> None:
    with pytest.raises(TwilioRestException) as refused:
        permissions(tenant).bulk_country_updates.create(update_request=text)
    assert refused.value.code == 20001


def test_a_subaccount_goes_by_its_parent_until_it_says_otherwise(tenant: Any) -> None:
    child = tenant.client().api.accounts.create(friendly_name="Branch")
    client = tenant.client(child.sid, child.auth_token, child.sid)
    permit(tenant, {"iso_code": "GB", "low_risk_numbers_enabled": True})
    assert client.voice.v1.dialing_permissions.countries("GB").fetch().low_risk_numbers_enabled is True
    settings = client.voice.v1.dialing_permissions.settings()
    assert settings.fetch().dialing_permissions_inheritance is True
    assert settings.update(dialing_permissions_inheritance=False).dialing_permissions_inheritance is False
    assert settings.update().dialing_permissions_inheritance is False
    assert client.voice.v1.dialing_permissions.countries("GB").fetch().low_risk_numbers_enabled is False

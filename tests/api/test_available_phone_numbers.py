"""What can be bought, through the official SDK."""

from typing import Any

import pytest
from twilio.base.exceptions import TwilioException


def test_countries(installation: Any, tenant: Any) -> None:
    installation.stock()
    installation.stock(kind="mobile", region="GB")
    shown = {country.country_code: country for country in tenant.client().available_phone_numbers.list()}
    assert shown["US"].country == "United States"
    assert shown["GB"].subresource_uris == {"mobile": f"{tenant.base}/AvailablePhoneNumbers/GB/Mobile.json"}
    one = tenant.client().available_phone_numbers("US").fetch()
    assert (one.country_code, one.beta) == ("US", False)
    assert one.uri == f"{tenant.base}/AvailablePhoneNumbers/US.json"
    assert set(tenant.ask("GET", "/AvailablePhoneNumbers.json").json()) == {"countries", "uri"}
    assert tenant.ask("GET", "/AvailablePhoneNumbers/ZZ.json").status_code == 404


def test_a_number_on_sale_can_be_bought_and_is_then_gone(installation: Any, tenant: Any) -> None:
    (number,) = installation.stock()
    local = tenant.client().available_phone_numbers("US").local
    (offer,) = local.list(contains=number)
    assert offer.phone_number == number
    assert (offer.locality, offer.region, offer.postal_code, offer.iso_country) == ("Washington", "DC", "20001", "US")
    assert offer.capabilities == {"voice": True, "sms": True, "mms": True, "fax": False}
    assert (offer.lata, offer.latitude, offer.address_requirements) == (None, None, "none")
    tenant.client().incoming_phone_numbers.create(phone_number=offer.phone_number)
    assert local.list(contains=number) == []


def test_filters(installation: Any, tenant: Any) -> None:
    (number,) = installation.stock()
    local = tenant.client().available_phone_numbers("US").local

    def found(**filters: Any) -> bool:
        return number in {offer.phone_number for offer in local.list(**filters)}

    assert found()
    assert found(area_code=202)
    assert not found(area_code=808)
    assert found(sms_enabled=True, mms_enabled=True, voice_enabled=True)
    assert not found(sms_enabled=False)
    assert not found(fax_enabled=True)
    assert found(in_region="dc", in_locality="washington", in_postal_code="20001")
    assert not found(in_region="HI")
    assert not found(contains="+1808")
    assert len(local.list(limit=2, page_size=2)) <= 2


def test_page_size_bounds_the_only_page(installation: Any, tenant: Any) -> None:
    installation.stock(3)
    shown = tenant.ask("GET", "/AvailablePhoneNumbers/US/Local.json?PageSize=2").json()
    assert len(shown["available_phone_numbers"]) == 2
    assert set(shown) == {"available_phone_numbers", "uri"}


@pytest.mark.parametrize("query", ["NearNumber=%2B12025550123", "NearLatLong=1,2", "InLata=1", "InRateCenter=x"])
def test_a_filter_that_nothing_stands_behind_is_refused(installation: Any, tenant: Any, query: str) -> None:
    installation.stock()
    assert tenant.ask("GET", f"/AvailablePhoneNumbers/US/Local.json?{query}").status_code == 501


def test_a_country_without_that_kind_is_not_found(installation: Any, tenant: Any) -> None:
    installation.stock()
    assert tenant.ask("GET", "/AvailablePhoneNumbers/ZZ/Local.json").json()["code"] == 20404
    with pytest.raises(TwilioException):
        tenant.client().available_phone_numbers("ZZ").mobile.list()


def test_wrong_filters_are_refused(installation: Any, tenant: Any) -> None:
    installation.stock()
    for query in ("AreaCode=x", "Contains=1", "SmsEnabled=perhaps"):
        assert tenant.ask("GET", f"/AvailablePhoneNumbers/US/Local.json?{query}").json()["code"] == 20001


def test_as_xml(installation: Any, tenant: Any) -> None:
    installation.stock()
    shown = tenant.ask("GET", "/AvailablePhoneNumbers")
    assert shown.headers["content-type"] == "application/xml"
    assert "<Countries " in shown.text
    assert "<Country><CountryCode>" in shown.text

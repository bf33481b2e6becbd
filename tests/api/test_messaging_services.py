"""Messaging Services and their pools through the SDK, as a program would set them up."""

from typing import Any

import pytest
import requests
from twilio.base.exceptions import TwilioRestException

from ringfence.domain.sid import new_sid


def services(tenant: Any) -> Any:
    return tenant.client().messaging.v1.services


def number_sid(tenant: Any) -> str:
    tenant.number()
    return tenant.client().incoming_phone_numbers.list()[0].sid


def refused(call: Any) -> tuple[int, int]:
    with pytest.raises(TwilioRestException) as refusal:
        call()
    return refusal.value.status, refusal.value.code


def test_a_new_service_has_twilios_defaults(tenant: Any) -> None:
    made = services(tenant).create(friendly_name="Reminders")
    assert made.sid.startswith("MG")
    assert (made.friendly_name, made.account_sid, made.usecase) == ("Reminders", tenant.sid, "undeclared")
    assert made.inbound_request_url is made.fallback_url is made.status_callback is None
    assert made.inbound_method == made.fallback_method == "POST"
    assert (made.sticky_sender, made.smart_encoding, made.area_code_geomatch) == (True, True, True)
    assert (made.mms_converter, made.fallback_to_long_code, made.scan_message_content) == (True, True, "inherit")
    assert (made.validity_period, made.synchronous_validation) == (36_000, False)
    assert (made.use_inbound_webhook_on_number, made.us_app_to_person_registered) == (False, False)


def test_what_is_set_is_read_back_by_every_road(tenant: Any) -> None:
    wanted = {
        "inbound_request_url": "https://shop.example/in",
        "inbound_method": "GET",
        "fallback_url": "https://shop.example/fallback",
        "fallback_method": "GET",
        "status_callback": "https://shop.example/status",
        "sticky_sender": False,
        "mms_converter": False,
        "smart_encoding": False,
        "scan_message_content": "disable",
        "fallback_to_long_code": False,
        "area_code_geomatch": False,
        "validity_period": 60,
        "synchronous_validation": True,
        "usecase": "notifications",
        "use_inbound_webhook_on_number": True,
    }
    made = services(tenant).create(friendly_name="Reminders", **wanted)
    for seen in (made, services(tenant)(made.sid).fetch(), services(tenant).list()[0]):
        assert {name: getattr(seen, name) for name in wanted} == wanted
    assert made.fetch().links == made.links
    assert made.links["phone_numbers"] == f"{made.url}/PhoneNumbers"


def test_an_update_changes_what_it_names(tenant: Any) -> None:
    made = services(tenant).create(
        friendly_name="Reminders", status_callback="https://shop.example/s", validity_period=9
    )
    changed = services(tenant)(made.sid).update(friendly_name="Others", sticky_sender=False)
    assert (changed.friendly_name, changed.sticky_sender) == ("Others", False)
    assert (changed.status_callback, changed.validity_period) == ("https://shop.example/s", 9)
    cleared = services(tenant)(made.sid).update(status_callback="")
    assert cleared.status_callback is None
    assert services(tenant)(made.sid).fetch().friendly_name == "Others"


def test_a_deleted_service_is_gone_and_its_numbers_stay(tenant: Any) -> None:
    made, number = services(tenant).create(friendly_name="x"), number_sid(tenant)
    made.phone_numbers.create(number)
    assert services(tenant)(made.sid).delete() is True
    assert refused(services(tenant)(made.sid).fetch) == (404, 20404)
    assert refused(services(tenant)(made.sid).delete) == (404, 20404)
    assert services(tenant).list() == []
    assert tenant.client().incoming_phone_numbers(number).fetch().sid == number


@pytest.mark.parametrize(
    "wrong",
    [
        {"FriendlyName": ""},
        {"FriendlyName": "x" * 65},
        {"FriendlyName": "x", "InboundRequestUrl": "ftp://shop.example"},
        {"FriendlyName": "x", "InboundMethod": "PUT"},
        {"FriendlyName": "x", "ValidityPeriod": "0"},
        {"FriendlyName": "x", "ValidityPeriod": "36001"},
        {"FriendlyName": "x", "Usecase": "spam"},
        {"FriendlyName": "x", "StickySender": "perhaps"},
    ],
    ids=str,
)
def test_what_no_service_can_be_is_refused(tenant: Any, wrong: dict[str, str]) -> None:
    url = f"{tenant.installation.url}/v1/Services"
    answer = requests.post(url, data=wrong, auth=(tenant.sid, tenant.token), timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (400, 20001)
    assert services(tenant).list() == []


def test_a_pool_is_filled_listed_and_emptied(tenant: Any) -> None:
    made = services(tenant).create(friendly_name="x")
    numbers = [number_sid(tenant) for _ in range(3)]
    for number in numbers:
        added = made.phone_numbers.create(number)
    assert (added.sid, added.service_sid, added.account_sid) == (numbers[-1], made.sid, tenant.sid)
    assert (added.country_code, added.capabilities) == ("US", ["MMS", "SMS", "Voice"])
    assert added.phone_number == tenant.client().incoming_phone_numbers(numbers[-1]).fetch().phone_number
    assert {number.sid for number in made.phone_numbers.list()} == set(numbers)
    assert made.phone_numbers(numbers[0]).fetch().sid == numbers[0]
    assert made.phone_numbers(numbers[0]).delete() is True
    assert refused(made.phone_numbers(numbers[0]).fetch) == (404, 20404)
    assert refused(made.phone_numbers(numbers[0]).delete) == (404, 20404)
    assert len(made.phone_numbers.list()) == 2


def test_a_number_is_in_one_pool_at_most(tenant: Any) -> None:
    one, two = (services(tenant).create(friendly_name=name) for name in ("one", "two"))
    number = number_sid(tenant)
    one.phone_numbers.create(number)
    assert refused(lambda: one.phone_numbers.create(number)) == (409, 21710)
    assert refused(lambda: two.phone_numbers.create(number)) == (409, 21712)


def test_what_is_no_number_of_the_accounts_gets_into_no_pool(installation: Any, tenant: Any) -> None:
    made, others = services(tenant).create(friendly_name="x"), number_sid(installation.new_tenant())
    for wrong in (new_sid("PN"), others, "nonsense", made.sid):
        assert refused(lambda wrong=wrong: made.phone_numbers.create(wrong)) == (400, 21421)
    assert refused(lambda: made.phone_numbers.create("")) == (400, 20001)
    unknown = services(tenant)(new_sid("MG"))
    assert refused(lambda: unknown.phone_numbers.create(number_sid(tenant))) == (404, 20404)
    with pytest.raises(Exception, match="404"):
        unknown.phone_numbers.list()


@pytest.mark.parametrize("prefix", ["", "/messaging"])
def test_pages_lead_on_at_the_address_that_was_asked(tenant: Any, prefix: str) -> None:
    client = tenant.client()
    client.messaging.base_url = f"{tenant.installation.url}{prefix}"
    for n in range(5):
        client.messaging.v1.services.create(friendly_name=f"service {n}")
    seen = [service.friendly_name for service in client.messaging.v1.services.list(page_size=2)]
    assert seen == [f"service {n}" for n in (4, 3, 2, 1, 0)]
    first = client.messaging.v1.services.page(page_size=2)
    second = first.next_page()
    assert [service.friendly_name for service in second] == ["service 2", "service 1"]
    assert [service.friendly_name for service in second.previous_page()] == ["service 4", "service 3"]
    assert first.next_page_url.startswith(
        f"{tenant.installation.url}{prefix}/v1/Services?PageSize=2&Page=1&PageToken=PA"
    )


def test_the_pages_object_is_twilios(tenant: Any) -> None:
    services(tenant).create(friendly_name="x")
    url = f"{tenant.installation.url}/v1/Services?PageSize=20"
    page = requests.get(url, auth=(tenant.sid, tenant.token), timeout=10).json()
    assert set(page) == {"services", "meta"}
    assert page["meta"] == {
        "page": 0,
        "page_size": 20,
        "first_page_url": f"{url}&Page=0",
        "previous_page_url": None,
        "url": f"{url}&Page=0",
        "next_page_url": None,
        "key": "services",
    }


def test_the_host_that_was_asked_for_is_the_one_that_urls_name(tenant: Any) -> None:
    made = services(tenant).create(friendly_name="x")
    for host, root in {
        "messaging.twilio.com": "https://messaging.twilio.com",
        "messaging.example.org": "http://messaging.example.org",
        "a b": "http://localhost:8420",
    }.items():
        answer = requests.get(
            f"{tenant.installation.url}/v1/Services/{made.sid}",
            auth=(tenant.sid, tenant.token),
            headers={"Host": host},
            timeout=10,
        )
        assert answer.json()["url"] == f"{root}/v1/Services/{made.sid}"

"""Owned numbers, through the official SDK."""

from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException

CONFIG = {
    "sms_url": "https://shop.example/sms",
    "sms_method": "GET",
    "sms_fallback_url": "https://shop.example/sms/again",
    "sms_fallback_method": "GET",
    "status_callback": "https://shop.example/status",
    "status_callback_method": "GET",
    "voice_url": "https://shop.example/voice",
    "voice_method": "GET",
    "voice_fallback_url": "https://shop.example/voice/again",
    "voice_fallback_method": "GET",
    "voice_caller_id_lookup": True,
}


def refusal(call: Any, *args: Any, **options: Any) -> TwilioRestException:
    with pytest.raises(TwilioRestException) as refused:
        call(*args, **options)
    return refused.value


def test_a_number_is_bought_with_its_webhooks_and_reads_back(installation: Any, tenant: Any) -> None:
    (number,) = installation.stock()
    client = tenant.client()
    made = client.incoming_phone_numbers.create(phone_number=number, friendly_name="desk", **CONFIG)
    read = client.incoming_phone_numbers(made.sid).fetch()
    for shown in (made, read, *client.incoming_phone_numbers.list()):
        assert shown.sid.startswith("PN")
        assert (shown.phone_number, shown.friendly_name) == (number, "desk")
        assert {name: getattr(shown, name) for name in CONFIG} == CONFIG
        assert shown.capabilities == {"voice": True, "sms": True, "mms": True, "fax": False}
        assert (shown.type, shown.origin, shown.status, shown.beta) == ("local", "twilio", "in-use", False)


def test_a_number_without_settings_has_twilios_defaults(installation: Any, tenant: Any) -> None:
    (number,) = installation.stock()
    shown = tenant.client().incoming_phone_numbers.create(phone_number=number)
    assert shown.friendly_name == f"(202) {number[5:8]}-{number[8:]}"
    assert (shown.sms_url, shown.sms_method, shown.voice_url, shown.trunk_sid) == ("", "POST", "", None)


def test_a_setting_is_changed_and_cleared_and_the_others_stay(installation: Any, tenant: Any) -> None:
    (number,) = installation.stock()
    client = tenant.client()
    sid = client.incoming_phone_numbers.create(phone_number=number, **CONFIG).sid
    changed = client.incoming_phone_numbers(sid).update(sms_url="http://localhost:5000/sms", sms_method="POST")
    assert (changed.sms_url, changed.sms_method) == ("http://localhost:5000/sms", "POST")
    assert changed.voice_url == CONFIG["voice_url"]
    cleared = client.incoming_phone_numbers(sid).update(sms_url="", friendly_name="front")
    assert (cleared.sms_url, cleared.friendly_name) == ("", "front")
    read = client.incoming_phone_numbers(sid).fetch()
    assert (read.sms_url, read.friendly_name, read.voice_url) == ("", "front", CONFIG["voice_url"])


def test_a_number_is_given_up(installation: Any, tenant: Any) -> None:
    (number,) = installation.stock()
    client = tenant.client()
    sid = client.incoming_phone_numbers.create(phone_number=number).sid
    assert client.incoming_phone_numbers(sid).delete() is True
    assert refusal(client.incoming_phone_numbers(sid).fetch).code == 20404
    assert refusal(client.incoming_phone_numbers(sid).delete).code == 20404
    assert client.incoming_phone_numbers.list() == []
    assert refusal(client.messages.create, to="+12025550177", from_=number, body="x").code == 21606


def test_any_number_of_an_area(installation: Any, tenant: Any) -> None:
    installation.stock(3)
    made = [tenant.client().incoming_phone_numbers.create(area_code="202").phone_number for _ in range(2)]
    assert len(set(made)) == 2
    assert all(number.startswith("+1202") for number in made)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, 21421),
        ({"phone_number": "nonsense"}, 21421),
        ({"phone_number": "+12025569999"}, 21422),
        ({"area_code": "999"}, 21452),
        ({"area_code": "20"}, 21451),
        ({"area_code": "202", "sms_url": "shop.example/sms"}, 21402),
        ({"area_code": "202", "sms_method": "PUT"}, 21403),
        ({"area_code": "202", "voice_receive_mode": "smoke"}, 20001),
        ({"area_code": "202", "api_version": "2008-08-01"}, 20001),
    ],
    ids=str,
)
def test_a_wrong_parameter_is_refused_with_twilios_code(tenant: Any, fields: dict[str, str], code: int) -> None:
    refused = refusal(tenant.client().incoming_phone_numbers.create, **fields)
    assert (refused.status, refused.code) == (400, code)
    assert tenant.client().incoming_phone_numbers.list() == []


def test_a_number_is_sold_once(installation: Any, tenant: Any) -> None:
    (number,) = installation.stock()
    installation.new_tenant().client().incoming_phone_numbers.create(phone_number=number)
    assert refusal(tenant.client().incoming_phone_numbers.create, phone_number=number).code == 21422


def test_anothers_number_is_not_found(installation: Any, tenant: Any) -> None:
    other = installation.new_tenant()
    other.number()
    (theirs,) = other.client().incoming_phone_numbers.list()
    mine = tenant.client().incoming_phone_numbers(theirs.sid)
    assert refusal(mine.fetch).code == refusal(mine.delete).code == refusal(mine.update, sms_url="").code == 20404


def test_it_does_not_move_between_accounts_yet(tenant: Any) -> None:
    tenant.number()
    (owned,) = tenant.client().incoming_phone_numbers.list()
    sub = tenant.client().api.accounts.create(friendly_name="Branch")
    assert refusal(tenant.client().incoming_phone_numbers(owned.sid).update, account_sid=sub.sid).status == 501


def test_filters(installation: Any, tenant: Any) -> None:
    one, two = installation.stock(2)
    numbers = tenant.client().incoming_phone_numbers
    numbers.create(phone_number=one, friendly_name="desk")
    numbers.create(phone_number=two, friendly_name="till")

    def found(**filters: Any) -> set[str]:
        return {number.phone_number for number in numbers.list(**filters)}

    assert found() == found(beta=True) == found(origin="twilio") == {one, two}
    assert found(phone_number=one) == {one}
    assert found(phone_number=one[:-1] + "*") >= {one}
    assert found(friendly_name="till") == {two}
    assert found(origin="hosted") == set()
    assert {number.phone_number for number in numbers.stream(page_size=1)} == {one, two}


def test_by_kind(installation: Any, tenant: Any) -> None:
    (local,) = installation.stock()
    (free,) = installation.stock(kind="tollfree")
    (mobile,) = installation.stock(kind="mobile", region="GB")
    numbers = tenant.client().incoming_phone_numbers
    assert refusal(numbers.toll_free.create, phone_number=local).code == 21422
    made = [
        numbers.local.create(phone_number=local),
        numbers.toll_free.create(phone_number=free),
        numbers.mobile.create(phone_number=mobile),
    ]
    assert [number.phone_number for number in made] == [local, free, mobile]
    assert [number.phone_number for number in numbers.local.list()] == [local]
    assert [number.phone_number for number in numbers.toll_free.list()] == [free]
    assert [number.phone_number for number in numbers.mobile.list()] == [mobile]
    assert {number.type for number in numbers.list()} == {"local", "toll-free", "mobile"}


def test_a_tenant_whose_key_opens_nothing_reads_no_configuration(installation: Any, tenant: Any) -> None:
    tenant.number(sms_url="https://shop.example/sms")
    made = tenant.client().new_keys.create()
    installation.run(installation.keys.revoke_slot(tenant.sid, made.sid))
    answer = tenant.ask("GET", "/IncomingPhoneNumbers.json", auth=(made.sid, made.secret))
    assert (answer.status_code, answer.json()["code"]) == (401, 20003)

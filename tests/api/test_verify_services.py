"""Verify Services, as the official SDK sees them."""

from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException


def services(tenant: Any) -> Any:
    return tenant.client().verify.v2.services


def refused(call: Any, **fields: Any) -> tuple[int, int]:
    with pytest.raises(TwilioRestException) as refusal:
        call(**fields)
    return refusal.value.status, refusal.value.code


def test_a_service_has_twilios_defaults(tenant: Any) -> None:
    made = services(tenant).create(friendly_name="Fade & Co")
    assert made.sid.startswith("VA")
    assert made.account_sid == tenant.sid
    assert made.friendly_name == "Fade & Co"
    assert made.code_length == 6
    assert (made.custom_code_enabled, made.psd2_enabled, made.do_not_share_warning_enabled) == (False, False, False)
    assert made.totp == {"issuer": "Fade & Co", "time_step": 30, "code_length": 6, "skew": 1}
    assert made.push == {
        "include_date": False,
        "number_matching": False,
        "apn_credential_sid": None,
        "fcm_credential_sid": None,
    }
    assert made.url.endswith(f"/v2/Services/{made.sid}")
    assert made.links["verifications"] == f"{made.url}/Verifications"


def test_every_setting_is_read_back(tenant: Any) -> None:
    wanted: dict[str, Any] = {
        "code_length": 8,
        "lookup_enabled": True,
        "skip_sms_to_landlines": True,
        "dtmf_input_required": False,
        "tts_name": "Polly.Joanna",
        "psd2_enabled": True,
        "do_not_share_warning_enabled": True,
        "custom_code_enabled": True,
        "default_template_sid": "HJ" + "a" * 32,
        "verify_event_subscription_enabled": True,
    }
    parts: dict[str, Any] = {
        "push_include_date": True,
        "push_apn_credential_sid": "CR" + "a" * 32,
        "push_fcm_credential_sid": "CR" + "b" * 32,
        "totp_issuer": "Barbers",
        "totp_time_step": 60,
        "totp_code_length": 8,
        "totp_skew": 2,
        "whatsapp_msg_service_sid": "MG" + "a" * 32,
        "whatsapp_from": "whatsapp:+12025550123",
        "passkeys_relying_party_id": "shop.example",
        "passkeys_relying_party_name": "Shop",
        "passkeys_relying_party_origins": "shop.example, login.shop.example",
        "passkeys_authenticator_attachment": "platform",
        "passkeys_discoverable_credentials": "required",
        "passkeys_user_verification": "preferred",
    }
    made = services(tenant).create(friendly_name="x", **wanted, **parts)
    for seen in (made, services(tenant)(made.sid).fetch(), services(tenant).list()[0]):
        assert {name: getattr(seen, name) for name in wanted} == wanted
        assert seen.push == {
            "include_date": True,
            "number_matching": False,
            "apn_credential_sid": "CR" + "a" * 32,
            "fcm_credential_sid": "CR" + "b" * 32,
        }
        assert seen.totp == {"issuer": "Barbers", "time_step": 60, "code_length": 8, "skew": 2}
        assert seen.whatsapp == {"msg_service_sid": "MG" + "a" * 32, "from": "whatsapp:+12025550123"}
        assert seen.passkeys == {
            "relying_party": {"id": "shop.example", "name": "Shop", "origins": ["shop.example", "login.shop.example"]},
            "authenticator_attachment": "platform",
            "discoverable_credentials": "required",
            "user_verification": "preferred",
        }


def test_an_update_changes_what_it_names(tenant: Any) -> None:
    made = services(tenant).create(friendly_name="x", code_length=8, totp_skew=2)
    changed = services(tenant)(made.sid).update(friendly_name="y", totp_time_step=60)
    assert (changed.friendly_name, changed.code_length) == ("y", 8)
    assert changed.totp == {"issuer": "y", "time_step": 60, "code_length": 6, "skew": 2}
    assert services(tenant)(made.sid).fetch().friendly_name == "y"


def test_a_deleted_service_is_gone(tenant: Any) -> None:
    made = services(tenant).create(friendly_name="x")
    assert services(tenant)(made.sid).delete() is True
    assert refused(services(tenant)(made.sid).fetch) == (404, 20404)
    assert refused(services(tenant)(made.sid).delete) == (404, 20404)
    assert refused(services(tenant)(made.sid).update, friendly_name="y") == (404, 20404)
    assert services(tenant).list() == []


@pytest.mark.parametrize(
    "fields",
    [
        {"friendly_name": ""},
        {"friendly_name": "n" * 33},
        {"friendly_name": "Call 12345"},
        {"friendly_name": "two\nlines"},
        {"friendly_name": "shop.example/{{code}}"},
        {"friendly_name": "x", "tts_name": "v" * 256},
        {"friendly_name": "x", "totp_issuer": "two\nlines"},
        {"friendly_name": "x", "whatsapp_from": "w" * 256},
        {"friendly_name": "x", "passkeys_relying_party_name": "p" * 256},
        {"friendly_name": "x", "passkeys_relying_party_origins": ",".join(["shop.example"] * 51)},
        {"friendly_name": "x", "code_length": 3},
        {"friendly_name": "x", "code_length": 11},
        {"friendly_name": "x", "code_length": "six"},
        {"friendly_name": "x", "totp_code_length": 2},
        {"friendly_name": "x", "totp_time_step": 19},
        {"friendly_name": "x", "totp_skew": 3},
        {"friendly_name": "x", "default_template_sid": "HX" + "a" * 32},
        {"friendly_name": "x", "passkeys_relying_party_id": "https://shop.example/"},
    ],
)
def test_a_wrong_setting_is_refused_and_nothing_made(tenant: Any, fields: dict[str, Any]) -> None:
    assert refused(services(tenant).create, **fields) == (400, 60200)
    assert services(tenant).list() == []


def test_a_name_may_hold_what_shops_are_called(tenant: Any) -> None:
    for name in ("Fade & Co", "Friseur Müller 24", "3 Sœurs", "n" * 32):
        assert services(tenant).create(friendly_name=name).friendly_name == name


def test_the_refusal_names_the_parameter(tenant: Any) -> None:
    with pytest.raises(TwilioRestException) as refusal:
        services(tenant).create(friendly_name="x", code_length=3)
    assert refusal.value.msg.startswith("Unable to create record: Invalid parameter `CodeLength`: expected 4 to 10")

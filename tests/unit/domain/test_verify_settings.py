"""Each setting of a Verify Service as a form has it."""

import msgspec
import pytest

from ringfence.domain.verify_service import PasskeySettings, PushSettings, TotpSettings, VerifyService, WhatsappSettings
from ringfence.domain.verify_settings import as_form, from_form

FULL = VerifyService(
    friendly_name="Shop",
    code_length=8,
    lookup_enabled=True,
    dtmf_input_required=False,
    tts_name="The shop",
    default_template_sid="HJ" + "1" * 32,
    code_host="shop.example",
    channel_policy=("passkeys", "totp"),
    push=PushSettings(include_date=True, apn_credential_sid="CR" + "1" * 32),
    totp=TotpSettings(issuer="Shop", time_step=60, code_length=8, skew=2),
    whatsapp=WhatsappSettings(msg_service_sid="MG" + "1" * 32, sender="Shop"),
    passkeys=PasskeySettings(
        relying_party_id="shop.example",
        relying_party_origins=("shop.example", "pay.shop.example"),
        user_verification="required",
    ),
)


@pytest.mark.parametrize("service", [FULL, VerifyService(friendly_name="Plain")])
def test_a_form_that_is_sent_back_as_it_was_changes_nothing(service: VerifyService) -> None:
    shown = as_form(service)
    ticked_alone = {name: value for name, value in shown.items() if value}
    assert from_form(service, ticked_alone) == service
    assert from_form(VerifyService(friendly_name="x", lookup_enabled=True), shown) == service


def test_every_setting_is_in_the_form() -> None:
    parts = {"push": PushSettings, "totp": TotpSettings, "whatsapp": WhatsappSettings, "passkeys": PasskeySettings}
    names = {each.name for each in msgspec.structs.fields(VerifyService)} - set(parts)
    names |= {f"{part}.{each.name}" for part, kind in parts.items() for each in msgspec.structs.fields(kind)}
    assert set(as_form(FULL)) == names


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("friendly_name", ""),
        ("friendly_name", "Code 123456"),
        ("code_length", "3"),
        ("code_length", ""),
        ("code_host", "https://shop.example"),
        ("default_template_sid", "HJ1"),
        ("channel_policy", "pigeon"),
        ("totp.time_step", "61"),
        ("totp.skew", "-1"),
        ("whatsapp.msg_service_sid", "PN" + "1" * 32),
        ("passkeys.relying_party_origins", "http://shop.example"),
        ("passkeys.user_verification", "sometimes"),
    ],
)
def test_what_is_not_expected_names_its_setting(name: str, text: str) -> None:
    with pytest.raises(ValueError, match="^" + name.replace(".", r"\.") + ": expected"):
        from_form(FULL, as_form(FULL) | {name: text})

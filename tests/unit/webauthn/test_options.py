from typing import Any

import msgspec
import pytest

from ringfence.ports.passkeys import AuthenticatorWish
from ringfence.webauthn.passkeys import WebauthnPasskeys
from software_authenticator import SoftwareAuthenticator, b64
from webauthn_ceremonies import NOW_MS, USER, ceremony, register


@pytest.fixture(scope="module")
def authenticator() -> SoftwareAuthenticator:
    return SoftwareAuthenticator()


def test_what_a_browser_is_asked_to_make() -> None:
    asked = ceremony("preferred")
    taken = register(SoftwareAuthenticator()).passkey
    options = WebauthnPasskeys().registration_options(
        asked,
        USER,
        NOW_MS + 1_000,
        wish=AuthenticatorWish(attachment="platform", discoverable="required"),
        taken=[taken, msgspec.structs.replace(taken, transports=())],
    )
    assert options == {
        "rp": {"id": "shop.example", "name": "Shop"},
        "user": {"id": b64(USER.handle), "name": "ann", "displayName": "Ann"},
        "challenge": b64(asked.challenge),
        "pubKeyCredParams": [{"type": "public-key", "alg": alg} for alg in (-7, -8, -257)],
        "timeout": 59_000,
        "excludeCredentials": [
            {"type": "public-key", "id": b64(taken.credential_id), "transports": ["hybrid", "internal"]},
            {"type": "public-key", "id": b64(taken.credential_id)},
        ],
        "authenticatorSelection": {
            "authenticatorAttachment": "platform",
            "requireResidentKey": True,
            "residentKey": "required",
            "userVerification": "preferred",
        },
        "attestation": "none",
    }


@pytest.mark.parametrize("discoverable", ["preferred", "discouraged"])
def test_any_authenticator_will_do_where_none_is_wished_for(discoverable: Any) -> None:
    options = WebauthnPasskeys().registration_options(
        ceremony(), USER, NOW_MS + 90_000, wish=AuthenticatorWish(discoverable=discoverable)
    )
    assert options["authenticatorSelection"] == {
        "requireResidentKey": False,
        "residentKey": discoverable,
        "userVerification": "required",
    }
    assert options["timeout"] == 0


def test_what_a_browser_is_asked_to_prove(authenticator: SoftwareAuthenticator) -> None:
    asked = ceremony()
    passkey = register(authenticator).passkey
    assert WebauthnPasskeys().authentication_options(asked, NOW_MS, allowed=[passkey]) == {
        "challenge": b64(asked.challenge),
        "timeout": 60_000,
        "rpId": "shop.example",
        "allowCredentials": [
            {"type": "public-key", "id": b64(passkey.credential_id), "transports": ["hybrid", "internal"]}
        ],
        "userVerification": "required",
    }
    assert WebauthnPasskeys().authentication_options(asked, NOW_MS)["allowCredentials"] == []

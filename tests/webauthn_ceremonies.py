"""Both ceremonies from beginning to end, between the software authenticator and what is tried."""

import json
import os
from typing import Any

from ringfence.domain.passkeys.answers import parse_authentication, parse_registration
from ringfence.domain.passkeys.passkey import Passkey
from ringfence.ports.passkeys import (
    AuthenticatorWish,
    Ceremony,
    NewPasskey,
    PasskeyUse,
    PasskeyUser,
    RelyingParty,
)
from ringfence.webauthn.passkeys import WebauthnPasskeys
from software_authenticator import SoftwareAuthenticator, Wrong

NOW_MS = 1_700_000_000_000
ORIGIN = "https://login.shop.example"
PARTY = RelyingParty(id="shop.example", name="Shop", origins=("https://shop.example", ORIGIN))
USER = PasskeyUser(handle=b"YE" + b"0" * 32, name="ann", display_name="Ann")
MODEL = bytes(range(16))
MODEL_UUID = "00010203-0405-0607-0809-0a0b0c0d0e0f"


def ceremony(user_verification: Any = "required", challenge: bytes | None = None) -> Ceremony:
    return Ceremony(
        party=PARTY,
        challenge=challenge or os.urandom(32),
        until_ms=NOW_MS + 60_000,
        user_verification=user_verification,
    )


def register(
    authenticator: SoftwareAuthenticator,
    wrong: Wrong | None = None,
    *,
    passkeys: WebauthnPasskeys | None = None,
    asked: Ceremony | None = None,
    origin: str = ORIGIN,
    now_ms: int = NOW_MS,
) -> NewPasskey:
    passkeys, asked = passkeys or WebauthnPasskeys(), asked or ceremony()
    options = passkeys.registration_options(asked, USER, NOW_MS, wish=AuthenticatorWish())
    answer = authenticator.create(options, origin, wrong or Wrong())
    return passkeys.check_registration(parse_registration(json.dumps(answer).encode()), asked, USER.handle, now_ms)


def authenticate(
    authenticator: SoftwareAuthenticator,
    passkey: Passkey,
    wrong: Wrong | None = None,
    *,
    asked: Ceremony | None = None,
    origin: str = ORIGIN,
    now_ms: int = NOW_MS,
) -> PasskeyUse:
    passkeys, asked = WebauthnPasskeys(), asked or ceremony()
    options = passkeys.authentication_options(asked, NOW_MS, allowed=[passkey])
    answer = authenticator.get(options, origin, wrong or Wrong())
    return passkeys.check_authentication(parse_authentication(json.dumps(answer).encode()), asked, passkey, now_ms)

"""Credentials of tests, and a push that one of them signs for."""

import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from ringfence.domain.push_credential import PushCredential, PushSecret
from ringfence.ports.push_sender import Push, Signing

NOW_S = 1_700_000_000
GOOGLES_KEY = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
APPLES_KEY = ec.generate_private_key(ec.SECP256R1())


def pem(key: Any) -> str:
    return str(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())


ACCOUNT = json.dumps({"project_id": "owl-app", "client_email": "push@owl.example", "private_key": pem(GOOGLES_KEY)})
GOOGLES = Signing(
    sid="CR1",
    changed_ms=1,
    credential=PushCredential(friendly_name="", type="fcm"),
    secret=PushSecret(account=ACCOUNT),
)
APPLES = Signing(
    sid="CR2",
    changed_ms=1,
    credential=PushCredential(friendly_name="", type="apn"),
    secret=PushSecret(private_key=pem(APPLES_KEY), key_id="ABCDE12345", team_id="TEAM123456"),
)


def push(platform: str, signing: Signing | None, token: str = "a" * 64, app: str = "example.owl") -> Push:
    return Push(
        platform=platform,
        token=token,
        app=app,
        service="VA1",
        factor="YF1",
        challenge="YC1",
        until_s=NOW_S + 300,
        signing=signing,
    )

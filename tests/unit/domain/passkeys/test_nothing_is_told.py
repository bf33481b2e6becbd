"""Whatever prints a value of a passkey prints no part of it."""

import msgspec
import pytest

from ringfence.domain.passkeys.answers import (
    AssertionJson,
    AttestationJson,
    AuthenticationAnswer,
    AuthenticationJson,
    RegistrationAnswer,
    RegistrationJson,
)
from ringfence.domain.passkeys.client_data import ClientData
from ringfence.domain.passkeys.passkey import Passkey

VALUES: list[msgspec.Struct] = [
    AttestationJson(client_data_json="owl"),
    RegistrationJson(id="owl"),
    AssertionJson(signature="owl"),
    AuthenticationJson(id="owl"),
    RegistrationAnswer(credential_id=b"owl", client_data=b"owl", attestation_object=b"owl"),
    AuthenticationAnswer(credential_id=b"owl", client_data=b"owl", authenticator_data=b"owl", signature=b"owl"),
    ClientData(type="owl", challenge=b"owl", origin="owl", framed=False),
    Passkey(
        credential_id=b"owl",
        public_key=b"owl",
        user_handle=b"owl",
        sign_count=1,
        backup_eligible=True,
        backed_up=True,
        aaguid="owl",
    ),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_shows_its_kind_alone(value: msgspec.Struct) -> None:
    assert repr(value) == f"{type(value).__name__}(…)"

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.base64url import encode_base64url as b64
from ringfence.domain.passkeys.answers import (
    AuthenticationAnswer,
    RegistrationAnswer,
    parse_authentication,
    parse_registration,
)
from ringfence.domain.passkeys.refusal import PasskeyRefusedError, Refusal

ID = bytes(range(200, 232))
CREATED = {
    "id": b64(ID),
    "rawId": b64(ID),
    "type": "public-key",
    "authenticatorAttachment": "platform",
    "response": {"clientDataJSON": b64(b"client"), "attestationObject": b64(b"object"), "transports": ["usb", "nfc"]},
}
GOT = {
    "id": b64(ID),
    "rawId": b64(ID),
    "type": "public-key",
    "authenticatorAttachment": "cross-platform",
    "response": {
        "clientDataJSON": b64(b"client"),
        "authenticatorData": b64(b"data"),
        "signature": b64(b"signature"),
        "userHandle": b64(b"handle"),
    },
}


def changed(whole: dict[str, Any], change: dict[str, Any], response: dict[str, Any]) -> bytes:
    return json.dumps(whole | {"response": whole["response"] | response} | change).encode()


def test_answers_are_read_as_browsers_write_them() -> None:
    assert parse_registration(json.dumps(CREATED).encode()) == RegistrationAnswer(
        credential_id=ID, client_data=b"client", attestation_object=b"object", transports=("usb", "nfc")
    )
    assert parse_authentication(json.dumps(GOT).encode()) == AuthenticationAnswer(
        credential_id=ID,
        client_data=b"client",
        authenticator_data=b"data",
        signature=b"signature",
        user_handle=b"handle",
    )


@pytest.mark.parametrize("raw", [b64(ID), ID.hex(), None, ""])
def test_a_credential_is_named_twice_or_once(raw: str | None) -> None:
    assert parse_registration(changed(CREATED, {"rawId": raw}, {})).credential_id == ID
    assert parse_authentication(changed(GOT, {"rawId": raw}, {})).credential_id == ID
    assert parse_registration(changed(CREATED, {"id": None}, {})).credential_id == ID


def test_a_registration_need_not_name_what_the_authenticator_names() -> None:
    assert parse_registration(changed(CREATED, {"id": None, "rawId": None}, {})).credential_id is None
    with pytest.raises(PasskeyRefusedError):
        parse_authentication(changed(GOT, {"id": "", "rawId": None}, {}))


@pytest.mark.parametrize("handle", [None, ""])
def test_a_user_handle_may_be_missing(handle: str | None) -> None:
    assert parse_authentication(changed(GOT, {}, {"userHandle": handle})).user_handle is None


def test_transports_that_are_not_known_are_left_out_and_each_stands_once() -> None:
    told = ["internal", "cable", "internal", "usb"]
    assert parse_registration(changed(CREATED, {}, {"transports": told})).transports == ("usb", "internal")
    assert parse_registration(changed(CREATED, {}, {"transports": None})).transports == ()


WRONG: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"type": "password"}, {}),
    ({"id": b64(b"other")}, {}),
    ({"rawId": b64(b"other")}, {}),
    ({"id": b64(ID) + "="}, {}),
    ({"id": 7}, {}),
    ({"response": None}, {}),
    ({"response": []}, {}),
    ({"authenticatorAttachment": "any"}, {}),
    ({}, {"clientDataJSON": ""}),
    ({}, {"clientDataJSON": "a=b"}),
    ({}, {"clientDataJSON": b64(bytes(4097))}),
]


@pytest.mark.parametrize(("change", "response"), WRONG)
def test_answers_of_another_form_are_refused(change: dict[str, Any], response: dict[str, Any]) -> None:
    with pytest.raises(PasskeyRefusedError) as refused:
        parse_registration(changed(CREATED, change, response))
    assert refused.value.why is Refusal.MALFORMED
    with pytest.raises(PasskeyRefusedError) as refused:
        parse_authentication(changed(GOT, change, response))
    assert refused.value.why is Refusal.MALFORMED


@pytest.mark.parametrize(
    ("name", "limit"), [("authenticatorData", 4096), ("signature", 1024), ("userHandle", 64), ("clientDataJSON", 4096)]
)
def test_each_part_of_an_authentication_has_its_bound(name: str, limit: int) -> None:
    for size in (1, limit):
        parse_authentication(changed(GOT, {}, {name: b64(bytes(size))}))
    with pytest.raises(PasskeyRefusedError):
        parse_authentication(changed(GOT, {}, {name: b64(bytes(limit + 1))}))


def test_each_part_of_a_registration_has_its_bound() -> None:
    parse_registration(changed(CREATED, {}, {"attestationObject": b64(bytes(32_768))}))
    with pytest.raises(PasskeyRefusedError):
        parse_registration(changed(CREATED, {}, {"attestationObject": b64(bytes(32_769))}))


def test_the_whole_has_its_bound() -> None:
    def padded(length: int) -> bytes:
        return json.dumps(GOT).encode().ljust(length)

    parse_authentication(padded(65_536))
    with pytest.raises(PasskeyRefusedError):
        parse_authentication(padded(65_537))
    nested = b'{"x":' + b"[" * 60_000
    with pytest.raises(PasskeyRefusedError):
        parse_registration(nested)


@given(text=st.binary(max_size=100) | st.text(max_size=50).map(str.encode))
def test_garbage_is_refused(text: bytes) -> None:
    for parse in (parse_registration, parse_authentication):
        with pytest.raises(PasskeyRefusedError):
            parse(text)

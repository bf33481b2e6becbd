"""Signed requests: what is under the signature, and each way in which one does not hold."""

import time
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from twilio.http.validation_client import ValidationPayload
from twilio.jwt.validation import ClientValidationJwt

from ringfence.domain.client_validation import (
    ClientKey,
    ClientKeys,
    ClientRequest,
    NotValidatedError,
    check_client,
    read_client_key,
    read_client_keys,
)

PRIVATE = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
PEM = PRIVATE.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
HEADERS = ((b"host", b"localhost:8420"), (b"authorization", b"Basic eA=="), (b"accept", b"*/*"))


def public_pem(key: Any) -> str:
    return str(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())


KEYS = ClientKeys(
    required=True,
    keys=(ClientKey(sid="CR1", friendly_name="", public_key=read_client_key(public_pem(PRIVATE)), created_ms=0),),
)


def token(method: str = "POST", path: str = "/a", query: str = "b=1&a=2", body: str = "x", **more: Any) -> bytes:
    """As the official SDK makes one."""
    payload = ValidationPayload(
        method=method,
        path=path,
        query_string=query,
        all_headers={name.decode(): value.decode() for name, value in HEADERS},
        signed_headers=more.pop("signed", ["host", "authorization"]),
        body=body,
    )
    made = ClientValidationJwt(more.get("account", "AC1"), more.get("key", "SK1"), more.get("kid", "CR1"), PEM, payload)
    return bytes(made.to_jwt(), "ascii") if isinstance(made.to_jwt(), str) else made.to_jwt()


def check(
    *shown: bytes,
    path: bytes = b"/a",
    query: bytes = b"b=1&a=2",
    body: bytes = b"x",
    keys: ClientKeys = KEYS,
    method: str = "POST",
    host: bytes = b"localhost:8420",
    late_s: int = 0,
) -> None:
    headers = [(b"host", host), *HEADERS[1:], *((b"twilio-client-validation", each) for each in shown)]
    request = ClientRequest(method=method, path=path, query=query, headers=headers, body=body)
    now_ms = int(time.time() + late_s) * 1_000
    check_client(request, keys, account="AC1", credential="SK1", now_ms=now_ms)


def test_a_request_as_the_sdk_signs_it_holds() -> None:
    check(token())
    check(token(method="GET", body="", query=""), method="GET", body=b"", query=b"")
    check(token(), query=b"a=2&b=1")


@pytest.mark.parametrize(
    "changed",
    [
        {"path": b"/b"},
        {"query": b"b=1&a=3"},
        {"body": b"y"},
        {"body": b""},
        {"method": "PUT"},
        {"host": b"evil"},
        {"late_s": 301},
        {"late_s": -10},
    ],
)
def test_any_other_request_than_the_signed_one_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(NotValidatedError):
        check(token(), **changed)


@pytest.mark.parametrize(
    "made", [{"account": "AC2"}, {"key": "SK2"}, {"kid": "CR2"}, {"signed": ["host"]}, {"signed": []}]
)
def test_a_token_of_another_account_credential_key_or_of_too_little_is_refused(made: dict[str, Any]) -> None:
    with pytest.raises(NotValidatedError):
        check(token(**made))


def test_none_two_and_what_is_none_are_refused() -> None:
    for shown in ((), (token(), token()), (b"x",), (b"\xff",), (token()[:-4] + b"AAAA",)):
        with pytest.raises(NotValidatedError):
            check(*shown)


def test_where_it_is_not_required_a_token_that_is_there_must_hold_all_the_same() -> None:
    optional = ClientKeys(keys=KEYS.keys)
    check(keys=optional)
    check(token(), keys=optional)
    with pytest.raises(NotValidatedError):
        check(b"x", keys=optional)
    check(b"x", keys=ClientKeys())


def test_keys_are_rsa_of_two_thousand_bits_and_kept_as_they_are() -> None:
    small = rsa.generate_private_key(public_exponent=65_537, key_size=1_024)
    for other in (public_pem(small), public_pem(ec.generate_private_key(ec.SECP256R1())), "", "x" * 5_000):
        with pytest.raises(ValueError, match="expected an RSA"):
            read_client_key(other)
    assert read_client_keys(KEYS.encode()) == KEYS
    assert (ClientKeys().encode(), read_client_keys("")) == ("", ClientKeys())

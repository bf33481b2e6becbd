"""The second signature of a webhook: its form is RFC 9421's, and the example's check takes it and nothing else."""

import base64
import hashlib
import hmac
import importlib.util
import time
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.message_signature import (
    EVENT_HEADER,
    content_digest,
    signature_fields,
    webhook_base,
    webhook_parameters,
)

SECRET = "0123456789abcdef" * 2
ACCOUNT = "AC" + "a" * 32
URL = "https://shop.example/sms?branch=2"
EXAMPLE = Path(__file__).parents[3] / "examples" / "barber" / "webhook_signature.py"


@pytest.fixture(scope="module")
def example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("webhook_signature", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def headers_of(
    body: bytes, *, method: str = "POST", created_s: int | None = None, token: str = "event-1"
) -> dict[str, str]:
    """Those of a webhook, signed with the standard library's HMAC."""
    created_s = int(time.time()) if created_s is None else created_s
    parameters = webhook_parameters(ACCOUNT, created_s, with_body=bool(body))
    digest = content_digest(body) if body else ""
    base = webhook_base(method, URL, digest, token, parameters)
    mac = hmac.digest(SECRET.encode(), base, "sha256")
    return {EVENT_HEADER: token, "Content-Digest": digest, **dict(signature_fields(parameters, mac))}


def test_the_base_is_as_the_rfc_writes_it() -> None:
    parameters = webhook_parameters(ACCOUNT, 1_618_884_473, with_body=True)
    assert parameters == (
        '("@method" "@target-uri" "content-digest" "i-twilio-idempotency-token")'
        f';created=1618884473;keyid="{ACCOUNT}";alg="hmac-sha256"'
    )
    # RFC 9421, appendix B.2: the digest there is SHA-512's; RFC 9530, appendix B.1 has this one of SHA-256.
    body = b'{"hello": "world"}\n'
    digest = content_digest(body)
    assert digest == f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"
    assert webhook_base("POST", URL, digest, "event-1", parameters).decode() == (
        '"@method": POST\n'
        f'"@target-uri": {URL}\n'
        f'"content-digest": {digest}\n'
        '"i-twilio-idempotency-token": event-1\n'
        f'"@signature-params": {parameters}'
    )


@given(body=st.binary(max_size=200), method=st.sampled_from(["POST", "GET"]), off_s=st.integers(-290, 290))
def test_the_examples_check_takes_what_is_signed(example: ModuleType, body: bytes, method: str, off_s: int) -> None:
    headers = headers_of(body, method=method, created_s=int(time.time()) + off_s)
    assert example.is_genuine(SECRET, method, URL, body, headers)


@pytest.mark.parametrize(
    "changed",
    [
        {"method": "PUT"},
        {"url": URL + "&a=b"},
        {"url": URL.replace("example", "example:443")},
        {"body": b"Body=R"},
        {"body": b""},
        {"auth_token": "f" * 32},
    ],
    ids=repr,
)
def test_it_takes_nothing_else(example: ModuleType, changed: dict[str, object]) -> None:
    asked = {"auth_token": SECRET, "method": "POST", "url": URL, "body": b"Body=C", "headers": headers_of(b"Body=C")}
    assert example.is_genuine(**asked)
    assert not example.is_genuine(**asked | changed)


@pytest.mark.parametrize("name", [EVENT_HEADER, "Signature-Input", "Signature"])
def test_a_header_that_is_signed_can_be_neither_left_out_nor_changed(example: ModuleType, name: str) -> None:
    headers = headers_of(b"Body=C")
    for value in ("", headers[name][:-1] + ("A" if headers[name][-1] != "A" else "B"), headers[name] + ", x"):
        assert not example.is_genuine(SECRET, "POST", URL, b"Body=C", headers | {name: value})


@pytest.mark.parametrize("off_s", [-301, 302])
def test_it_is_good_for_five_minutes(example: ModuleType, off_s: int) -> None:
    headers = headers_of(b"Body=C", created_s=int(time.time()) + off_s)
    assert not example.is_genuine(SECRET, "POST", URL, b"Body=C", headers)

"""Signed tokens: one spelling, the algorithms that are asked for, and keys of one curve."""

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.jws import is_es256, is_hs256, is_signature, read_jws, read_public_key, write_hs256
from ringfence.testing.device import Device

KEY = b"k" * 32
DEVICE = Device()
PUBLIC = read_public_key(DEVICE.public_key)
# RFC 7515, appendix A.3: a token under ES256, and its key.
RFC_TOKEN = (
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
)
X = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
Y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"


def number(text):
    return int.from_bytes(base64.urlsafe_b64decode(text + "="), "big")


def der(key):
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def b64(part):
    return base64.urlsafe_b64encode(part).decode().rstrip("=")


def test_the_token_of_the_rfc():
    key = der(ec.EllipticCurvePublicNumbers(number(X), number(Y), ec.SECP256R1()).public_key())
    token = read_jws(RFC_TOKEN)
    assert token.claims == {"iss": "joe", "exp": 1300819380, "http://example.com/is_root": True}
    assert is_es256(key, token)
    assert not is_es256(PUBLIC, token)


@given(st.dictionaries(st.text(max_size=9), st.text(max_size=20) | st.integers(-(2**60), 2**60), max_size=9))
def test_what_was_signed_is_read(claims):
    token = read_jws(write_hs256(KEY, {"cty": "x"}, claims))
    assert token.claims == claims
    assert token.header == {"alg": "HS256", "typ": "JWT", "cty": "x"}
    assert is_hs256(KEY, token)
    assert not is_hs256(b"l" * 32, token)
    assert is_es256(PUBLIC, read_jws(DEVICE.sign(claims)))


@given(st.integers(0, 10**6))
def test_no_bit_of_a_token_may_change(place):
    text = DEVICE.sign({"sid": "YC1", "status": "approved"})
    place %= len(text)
    other = "A" if text[place] != "A" else "B"
    try:
        token = read_jws(text[:place] + other + text[place + 1 :])
    except ValueError:
        return
    assert not is_es256(PUBLIC, token)


def test_a_message_that_is_no_token_is_signed_in_der():
    signature = base64.b64decode(DEVICE.signature("YF1"))
    assert is_signature(PUBLIC, b"YF1", signature)
    assert not is_signature(PUBLIC, b"YF2", signature)
    assert not is_signature(PUBLIC, b"YF1", signature[:-1])
    assert not is_signature(read_public_key(Device().public_key), b"YF1", signature)
    assert not is_signature(b"no key", b"YF1", signature)


def test_the_algorithm_is_the_one_asked_for():
    parts = DEVICE.sign({"sid": "YC1"}, alg="none")
    assert not is_es256(PUBLIC, read_jws(parts))
    assert not is_es256(PUBLIC, read_jws(write_hs256(PUBLIC, {}, {})))
    assert not is_hs256(KEY, read_jws(write_hs256(KEY, {"alg": "none"}, {})))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a.b",
        "a.b.c.d",
        "..",
        f"{b64(b'[]')}.{b64(b'{}')}.AAAA",
        f"{b64(b'{}')}.{b64(b'1')}.AAAA",
        f"{b64(b'{}')}=.{b64(b'{}')}.AAAA",
        f"{b64(b'{}')}.{b64(b'{}')}.AB",
        f"{b64(b'{}')}.{b64(b'{}')}.A+/A",
        f"{b64(b'{' + b' ' * 6000 + b'}')}.{b64(b'{}')}.AAAA",
        f"{b64(b'{}')}.{b64(b'{' * 100)}.AAAA",
        b64(b'{"crit":["x"]}') + f".{b64(b'{}')}.AAAA",
        "\u00e9.b.c",
    ],
)
def test_what_is_no_token_is_refused(text):
    with pytest.raises(ValueError, match=r"^expected"):
        read_jws(text)


def test_a_signature_of_another_length_is_none():
    head, payload, signature = DEVICE.sign({}).split(".")
    for wrong in ("", signature[:40], signature + "AAAA"):
        assert not is_es256(PUBLIC, read_jws(f"{head}.{payload}.{wrong}"))
    zero = b64(bytes(64))
    assert not is_es256(PUBLIC, read_jws(f"{head}.{payload}.{zero}"))


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP384R1()).public_key(),
        ec.generate_private_key(ec.SECP256K1()).public_key(),
        rsa.generate_private_key(65537, 2048).public_key(),
    ],
    ids=["P-384", "secp256k1", "RSA"],
)
def test_a_key_is_of_one_curve(key):
    with pytest.raises(ValueError, match="P-256"):
        read_public_key(base64.b64encode(der(key)).decode())


@pytest.mark.parametrize("text", ["", "not Base64!", "AAAA", "A" * 2_000, hashlib.sha256(b"x").hexdigest()])
def test_what_is_no_key_is_refused(text):
    with pytest.raises(ValueError, match=r"^expected"):
        read_public_key(text)


def test_a_token_does_not_show():
    assert repr(read_jws(DEVICE.sign({"sid": "YC1"}))) == "Jws(…)"

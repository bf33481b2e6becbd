"""A key that somebody gives us is read for next to nothing, whatever numbers are in it."""

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from ringfence.domain.signing_key import read_signing_key, write_signing_key

RSA = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
RSA_KIND, DSA_OID = bytes.fromhex("300d06092a864886f70d0101010500"), bytes.fromhex("06072a8648ce380401")


def der(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    size = len(body).to_bytes(1 if len(body) < 256 else 2, "big")
    return bytes([tag]) + (size if len(body) < 128 else bytes([0x80 + len(size)]) + size) + body


def integer(value: int) -> bytes:
    return der(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def block(body: bytes, kind: str = "PRIVATE KEY") -> str:
    return f"-----BEGIN {kind}-----\n{base64.encodebytes(body).decode()}-----END {kind}-----\n"


def rsa_of(**changes: int) -> str:
    """PKCS #8 of the key with other numbers in it."""
    numbers = RSA.private_numbers()
    names = ("d", "p", "q", "dmp1", "dmq1", "iqmp")
    values = {"n": numbers.public_numbers.n, "e": 65_537, **{each: getattr(numbers, each) for each in names}}
    held = der(0x30, integer(0), *(integer(each) for each in (values | changes).values()))
    return block(der(0x30, integer(0), RSA_KIND, der(4, held)))


def pem(key: Any, form: PrivateFormat = PrivateFormat.PKCS8) -> str:
    return str(key.private_bytes(Encoding.PEM, form, NoEncryption()).decode())


@pytest.mark.parametrize(
    "text",
    [
        pem(RSA),
        rsa_of(),
        pem(RSA, PrivateFormat.TraditionalOpenSSL),
        f"Bag Attributes\n    friendlyName: owl\n{pem(RSA)}",
        pem(ec.generate_private_key(ec.SECP256R1())),
    ],
)
def test_keys_as_the_networks_make_them_are_read(text: str) -> None:
    key = read_signing_key(text)
    assert read_signing_key(write_signing_key(key)).private_numbers() == key.private_numbers()


def _mersenne() -> dict[str, int]:
    p, q = 2**4_253 - 1, 2**4_423 - 1
    d = pow(65_537, -1, (p - 1) * (q - 1))
    return {"n": p * q, "d": d, "p": p, "q": q, "dmp1": d % (p - 1), "dmq1": d % (q - 1), "iqmp": pow(q, -1, p)}


def _dsa() -> str:
    kind = der(0x30, DSA_OID, der(0x30, integer(2**14_000 - 3), integer(2**255 - 19), integer(3)))
    return block(der(0x30, integer(0), kind, der(4, integer(2**13_990 - 12_345))))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (rsa_of(**_mersenne()), "5000 characters"),
        (_dsa(), "an RSA or a P-256 key"),
        (pem(ec.generate_private_key(ec.SECP384R1())), "an RSA or a P-256 key"),
        (pem(rsa.generate_private_key(public_exponent=65_537, key_size=1_024)), "2048 to 4096 bits"),
        (rsa_of(n=2**4_100 + 1), "2048 to 4096 bits"),
        (rsa_of(p=2**9_000 + 1), "fit together"),
        (rsa_of(d=2**9_000 + 1), "fit together"),
        (rsa_of(dmp1=2**9_000 + 1), "fit together"),
        (rsa_of(iqmp=2**9_000 + 1), "fit together"),
        (rsa_of(e=2**9_000 + 1), "fit together"),
        (rsa_of(p=1, q=RSA.private_numbers().public_numbers.n), "fit together"),
        (pem(RSA) + pem(RSA), "in PEM"),
        (pem(RSA).replace("PRIVATE", "ENCRYPTED PRIVATE"), "in PEM"),
        (block(b"\x30\x03\x02\x01\x00", "RSA PRIVATE KEY"), "in PEM"),
        (block(b""), "in PEM"),
        ("", "in PEM"),
    ],
)
def test_another_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_signing_key(text)

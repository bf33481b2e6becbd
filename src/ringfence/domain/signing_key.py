"""Private keys that others give us to sign with: P-256, and RSA of 2,048 to 4,096 bits.

Whoever gives a key chooses each number in it, so none costs more than a key of its kind may: what it is, is looked up
before the library reads it, since a DSA key of 5 kB keeps that busy for seconds. The numbers of an RSA key must fit
together, which is some products of integers. Whether its primes are primes is not tested: that takes a second of the
event loop, and a key that is wrong there signs nothing that its network would take.

Source: RFC 5958 (PKCS #8), RFC 8017 section 3.2 (RSA), RFC 5480 section 2.1.1 (P-256).
"""

import base64
import binascii
import re
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

SigningKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
PEM_MAX_CHARACTERS: Final = 5_000
"""An RSA key of 4,096 bits has some 3,300, and files of Apple's have some lines of text before it."""
RSA_MIN_BITS: Final = 2_048
RSA_MAX_BITS: Final = 4_096
_EXPONENT_MAX_BITS: Final = 32
_BLOCK: Final = re.compile(r"-----BEGIN (RSA |)PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END \1PRIVATE KEY-----")
_RSA: Final = "300d06092a864886f70d0101010500"
_P256: Final = "301306072a8648ce3d020106082a8648ce3d030107"
_PKCS8: Final = re.compile(
    rb"\x30(?:\x81.|\x82..|[\x00-\x7f])\x02\x01[\x00\x01](?:"
    + b"|".join(re.escape(bytes.fromhex(kind)) for kind in (_RSA, _P256))
    + rb")",
    re.DOTALL,
)


def read_signing_key(pem: str) -> SigningKey:
    """The one key of a PEM text. ValueError, which repeats nothing of it, for what is none that we sign with."""
    if len(pem) > PEM_MAX_CHARACTERS:
        raise ValueError(f"expected PrivateKey of at most {PEM_MAX_CHARACTERS} characters")
    block = _BLOCK.search(pem)
    try:
        der = base64.b64decode("".join(block[2].split()), validate=True) if block and pem.count("-----") == 4 else b""
    except binascii.Error:
        der = b""
    if block is None or not der:
        raise ValueError("expected PrivateKey in PEM")
    if not block[1] and _PKCS8.match(der) is None:
        raise ValueError("expected an RSA or a P-256 key")
    try:
        key = load_der_private_key(der, password=None, unsafe_skip_rsa_key_validation=True)
    except Exception:  # the library raises several kinds for bytes that are no key
        raise ValueError("expected PrivateKey in PEM") from None
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    if isinstance(key, rsa.RSAPrivateKey):
        return _checked(key)
    raise ValueError("expected an RSA or a P-256 key")


def write_signing_key(key: SigningKey) -> str:
    """It as PEM (PKCS #8), with nothing beside it."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _checked(key: rsa.RSAPrivateKey) -> rsa.RSAPrivateKey:
    """The key of these numbers alone: a file may bring further primes."""
    if not RSA_MIN_BITS <= key.key_size <= RSA_MAX_BITS:
        raise ValueError(f"expected an RSA key of {RSA_MIN_BITS} to {RSA_MAX_BITS} bits")
    numbers = key.private_numbers()
    if not _fit(numbers):
        raise ValueError("expected an RSA key whose numbers fit together")
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)


def _fit(numbers: rsa.RSAPrivateNumbers) -> bool:
    n, e = numbers.public_numbers.n, numbers.public_numbers.e
    p, q, d = numbers.p, numbers.q, numbers.d
    if not (p > 2 and q > 2 and p % 2 and q % 2 and p * q == n and 2 < e < 1 << _EXPONENT_MAX_BITS and d < n):
        return False
    return (
        (numbers.dmp1, numbers.dmq1) == (d % (p - 1), d % (q - 1))
        and e * d % (p - 1) == e * d % (q - 1) == 1
        and 0 < numbers.iqmp < p
        and numbers.iqmp * q % p == 1
    )

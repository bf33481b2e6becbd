"""Signed tokens in their compact form, by P-256 and RSA keys and by HMAC.

Source: RFC 7515 (JWS), RFC 7518 sections 3.2 to 3.4 (HS256, RS256, ES256), RFC 5480 (public keys in DER).
"""

import base64
import binascii
import hmac
from typing import Any, Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

from ringfence.domain.base64url import decode_base64url, encode_base64url
from ringfence.domain.signing_key import read_signing_key

MAX_CHARACTERS: Final = 5_456
_HALF: Final = 32
_DER_MAX_BYTES: Final = 1_024


class Jws(msgspec.Struct, frozen=True, kw_only=True):
    """A token as it claims to be: nothing of it is to be believed before its signature was checked."""

    header: dict[str, Any]
    claims: dict[str, Any]
    payload: bytes
    signed: bytes
    signature: bytes

    def __repr__(self) -> str:
        return "Jws(…)"


def read_jws(text: str) -> Jws:
    """The parts of a token. ValueError for what is none, or asks for extensions."""
    parts = text.split(".")
    if len(parts) != 3 or len(text) > MAX_CHARACTERS or not text.isascii():
        raise ValueError("expected a signed token")
    header, payload, signature = (decode_base64url(part) for part in parts)
    claimed = Jws(
        header=_object(header),
        claims=_object(payload),
        payload=payload,
        signed=f"{parts[0]}.{parts[1]}".encode(),
        signature=signature,
    )
    if "crit" in claimed.header:
        raise ValueError("expected a token without extensions")
    return claimed


def write_hs256(key: bytes, header: dict[str, Any], claims: dict[str, Any]) -> str:
    """A token signed by HMAC-SHA256."""
    signed = _to_sign("HS256", header, claims)
    return f"{signed}.{encode_base64url(hmac.digest(key, signed.encode(), 'sha256'))}"


def write_rs256(pem: str, header: dict[str, Any], claims: dict[str, Any]) -> str:
    """A token signed by an RSA key (PEM). ValueError for another key."""
    key = read_signing_key(pem)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("expected an RSA key")
    signed = _to_sign("RS256", header, claims)
    return f"{signed}.{encode_base64url(key.sign(signed.encode(), padding.PKCS1v15(), SHA256()))}"


def write_es256(pem: str, header: dict[str, Any], claims: dict[str, Any]) -> str:
    """A token signed by a P-256 key (PEM). ValueError for another key."""
    key = read_signing_key(pem)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("expected a P-256 key")
    signed = _to_sign("ES256", header, claims)
    r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(SHA256())))
    return f"{signed}.{encode_base64url(r.to_bytes(_HALF, 'big') + s.to_bytes(_HALF, 'big'))}"


def is_hs256(key: bytes, token: Jws) -> bool:
    """True where the key signed it."""
    right = hmac.compare_digest(hmac.digest(key, token.signed, "sha256"), token.signature)
    return right and token.header.get("alg") == "HS256"


def is_es256(public_key: bytes, token: Jws) -> bool:
    """True where the private half of the P-256 key (DER) signed it: r and s, 32 bytes each."""
    if token.header.get("alg") != "ES256" or len(token.signature) != 2 * _HALF:
        return False
    r, s = (int.from_bytes(half, "big") for half in (token.signature[:_HALF], token.signature[_HALF:]))
    return is_signature(public_key, token.signed, encode_dss_signature(r, s))


def is_signature(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """True where the private half of the P-256 key (DER) signed the message: ECDSA with SHA-256, in DER."""
    try:
        _p256(public_key).verify(signature, message, ec.ECDSA(SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True


def read_public_key(text: str) -> bytes:
    """A P-256 public key in Base64 of DER, as DER in its one spelling. ValueError for what is none."""
    try:
        der = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("expected Base64") from None
    if len(der) > _DER_MAX_BYTES:
        raise ValueError("expected a P-256 public key in DER")
    return _p256(der).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _to_sign(algorithm: str, header: dict[str, Any], claims: dict[str, Any]) -> str:
    parts = ({"alg": algorithm, "typ": "JWT", **header}, claims)
    return ".".join(encode_base64url(msgspec.json.encode(part)) for part in parts)


def _p256(der: bytes) -> ec.EllipticCurvePublicKey:
    try:
        key = load_der_public_key(der)
    except Exception:  # the library raises several kinds for bytes that are no key
        raise ValueError("expected a P-256 public key in DER") from None
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ValueError("expected a P-256 public key in DER")
    return key


def _object(part: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(part, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ValueError("expected a JSON object") from None

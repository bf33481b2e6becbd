"""Requests signed by a key that cannot leave its browser.

Source: RFC 9421 (one signature, ECDSA P-256, components fixed here), RFC 9530 (Content-Digest), RFC 7517 and 7638
(keys).
"""

import base64
import binascii
import hashlib
import re
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from ringfence.domain.base64url import decode_base64url, encode_base64url
from ringfence.domain.message_signature import content_digest

WINDOW_MS: Final = 30_000
LABEL: Final = "ringfence"
UNSIGNED: Final = "unsigned"
_ALONE: Final = '("@method" "@target-uri")'
_WITH_BODY: Final = '("@method" "@target-uri" "content-digest")'
_INPUT = re.compile(
    rf"{LABEL}=(?P<parameters>(?P<covered>\([^()]*\));created=(?P<created>[0-9]{{1,12}})"
    r';nonce="(?P<nonce>[A-Za-z0-9_-]{16,64})";keyid="(?P<key>[A-Za-z0-9_-]{43})";alg="ecdsa-p256-sha256")'
)
# 64 bytes leave four bits of the last letter unused: a letter that sets them would say the same signature again.
_SIGNATURE = re.compile(rf"{LABEL}=:([A-Za-z0-9+/]{{85}}[AQgw]==):")
_COORDINATE_BYTES: Final = 32
_ALGORITHM = ec.ECDSA(hashes.SHA256())


class SignatureRefusedError(Exception):
    """The request is not signed by the session's key, or not as it came. The reason holds nothing of the request."""


class PublicJwk(msgspec.Struct, frozen=True, kw_only=True):
    """A P-256 key's public half. `check_key` says whether it is one."""

    kty: str
    crv: str
    x: str
    y: str

    def __repr__(self) -> str:
        return "PublicJwk(…)"


class SignedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What came: `target_uri` is absolute, without a fragment; headers as sent, "" where there is none."""

    method: str
    target_uri: str
    body: bytes
    content_digest: str
    signature_input: str
    signature: str

    def __repr__(self) -> str:
        return f"SignedRequest({self.method})"


def check_key(key: PublicJwk) -> None:
    """Return where it is a point of P-256; ValueError."""
    _public_key(key)


def thumbprint(key: PublicJwk) -> str:
    """The key's name, base64url (RFC 7638, SHA-256)."""
    members = f'{{"crv":"{key.crv}","kty":"{key.kty}","x":"{key.x}","y":"{key.y}"}}'
    return encode_base64url(hashlib.sha256(members.encode()).digest())


def check_signature(request: SignedRequest, key: PublicJwk, now_ms: int) -> tuple[str, int]:
    """The signature's nonce, and until when (Unix, ms) it must not be taken again. SignatureRefusedError.

    Refused is also what was signed more than `WINDOW_MS` before `now_ms`, or after it.
    """
    given = _INPUT.fullmatch(request.signature_input)
    signature = _SIGNATURE.fullmatch(request.signature)
    if given is None or signature is None:
        raise SignatureRefusedError(UNSIGNED)
    if given["key"] != thumbprint(key):
        raise SignatureRefusedError("another key")
    created_ms = int(given["created"]) * 1_000
    if abs(now_ms - created_ms) > WINDOW_MS:
        raise SignatureRefusedError("another time")
    lines = [f'"@method": {request.method}', f'"@target-uri": {request.target_uri}']
    if request.body:
        if request.content_digest != content_digest(request.body):
            raise SignatureRefusedError("another body")
        lines.append(f'"content-digest": {request.content_digest}')
    if given["covered"] != (_WITH_BODY if request.body else _ALONE):
        raise SignatureRefusedError("too little signed")
    lines.append(f'"@signature-params": {given["parameters"]}')
    try:
        pair = base64.b64decode(signature[1], validate=True)
        half = _COORDINATE_BYTES
        encoded = encode_dss_signature(int.from_bytes(pair[:half]), int.from_bytes(pair[half:]))
        _public_key(key).verify(encoded, "\n".join(lines).encode(), _ALGORITHM)
    except (InvalidSignature, ValueError, binascii.Error):
        raise SignatureRefusedError("another signature") from None
    return given["nonce"], created_ms + WINDOW_MS + 1_000


def _public_key(key: PublicJwk) -> ec.EllipticCurvePublicKey:
    if (key.kty, key.crv) != ("EC", "P-256"):
        raise ValueError("expected a key of P-256")
    x, y = decode_base64url(key.x), decode_base64url(key.y)
    if len(x) != _COORDINATE_BYTES or len(y) != _COORDINATE_BYTES:
        raise ValueError("expected a key of P-256")
    return ec.EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), ec.SECP256R1()).public_key()

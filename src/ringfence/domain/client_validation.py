"""Public key client validation: requests show a key beside their secret, so that a secret that leaked is not enough.

A header holds a JWT, signed by RSA, over a hash of the request: method, path, query, chosen headers and body.

Source: Twilio, "Public Key Client Validation"; RFC 7515, RFC 7518 sections 3.3 and 3.5.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
    load_pem_public_key,
)

from ringfence.domain.jws import Jws, read_jws

HEADER: Final = b"twilio-client-validation"
KEYS_MAX: Final = 10
NAME_CHARACTERS: Final = 64
LIFE_MAX_S: Final = 300
PEM_CHARACTERS: Final = 4_096
BITS_MIN: Final = 2_048
# What must be under every signature: else it could be put beside another secret, or before another installation.
_SIGNED_ALWAYS: Final = frozenset({"authorization", "host"})
_PSS: Final = padding.PSS(padding.MGF1(SHA256()), padding.PSS.DIGEST_LENGTH)
_PADDINGS: Final = {"RS256": padding.PKCS1v15(), "PS256": _PSS}


class ClientKey(msgspec.Struct, frozen=True, kw_only=True):
    """A client's public key, RSA in DER; `sid` (CR…) is what its JWTs name it by."""

    sid: str
    friendly_name: str
    public_key: bytes
    created_ms: int
    updated_ms: int = 0


class ClientKeys(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Those of an account. Where validation is `required`, a request without it is refused.

    `ruled_ms` is when that was last set at once, Unix milliseconds; `taken` is the number of the last form of a member
    that was taken (`domain.access_fence`).
    """

    required: bool = False
    keys: tuple[ClientKey, ...] = ()
    ruled_ms: int = 0
    taken: int = 0

    def encode(self) -> str:
        """As it is kept; "" where there is nothing to keep."""
        return msgspec.json.encode(self).decode() if self != ClientKeys() else ""

    def key(self, sid: object) -> ClientKey | None:
        """The key of that name."""
        return next((key for key in self.keys if key.sid == sid), None)


class ClientRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request as it came: path and query as bytes on the wire; header names are lower case."""

    method: str
    path: bytes
    query: bytes
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes

    def __repr__(self) -> str:
        return f"ClientRequest({self.method})"


class NotValidatedError(Exception):
    """The request does not show a key of the account's. The reason holds nothing of the request."""


def read_client_keys(text: str) -> ClientKeys:
    """What `ClientKeys.encode` wrote."""
    return msgspec.json.decode(text, type=ClientKeys) if text else ClientKeys()


def read_client_key(text: str) -> bytes:
    """An RSA public key of 2,048 bits or more, in PEM or in Base64 of DER, as DER. ValueError for what is none."""
    if len(text) > PEM_CHARACTERS:
        raise ValueError("expected an RSA public key")
    try:
        key = load_pem_public_key(text.encode()) if "-----" in text else load_der_public_key(_decoded(text))
    except Exception:  # the library raises several kinds for what is no key
        raise ValueError("expected an RSA public key") from None
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < BITS_MIN:
        raise ValueError(f"expected an RSA public key of {BITS_MIN} bits or more")
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def check_client(request: ClientRequest, keys: ClientKeys, *, account: str, credential: str, now_ms: int) -> None:
    """Return where the request is signed by one of the keys, or need not be. NotValidatedError.

    `account` and `credential` are who signed in: a JWT is for one of each.
    """
    shown = [value for name, value in request.headers if name == HEADER]
    if not keys.keys and not keys.required:
        return
    if not shown:
        if keys.required:
            raise NotValidatedError("the account requires client validation")
        return
    if len(shown) > 1:
        raise NotValidatedError("more than one token")
    try:
        token = read_jws(shown[0].decode("ascii"))
    except ValueError:
        raise NotValidatedError("no signed token") from None
    if not _is_signed(token, keys):
        raise NotValidatedError("not signed by a key of the account")
    _check_claims(token.claims, account, credential, now_ms // 1_000)
    given, names = token.claims.get("rqh"), token.claims.get("hrh")
    if not isinstance(given, str) or not isinstance(names, str) or not given.isascii():
        raise NotValidatedError("no hash of the request")
    signed = names.lower().split(";")
    if not set(signed) >= _SIGNED_ALWAYS:
        raise NotValidatedError("authorization and host must be signed")
    if not hmac.compare_digest(given, request_hash(request, signed)):
        raise NotValidatedError("signed for another request")


def request_hash(request: ClientRequest, signed: Sequence[str]) -> str:
    """SHA-256, in hex, of a request's canonical form."""
    values: dict[str, list[str]] = {}
    for name, value in request.headers:
        values.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))
    lines = [
        request.method,
        request.path.decode("latin-1"),
        "&".join(sorted(request.query.decode("latin-1").split("&"))),
        *(f"{name}:{','.join(sorted(values[name]))}" for name in sorted(signed) if name in values),
        "",
        ";".join(sorted(signed)),
        hashlib.sha256(request.body).hexdigest() if request.body else "",
    ]
    return hashlib.sha256("\n".join(lines).encode("latin-1")).hexdigest()


def _check_claims(claims: dict[str, Any], account: str, credential: str, now_s: int) -> None:
    if claims.get("iss") != credential or claims.get("sub") not in (None, account):
        raise NotValidatedError("made for another credential")
    expires, begins = claims.get("exp"), claims.get("nbf", 0)
    if not isinstance(expires, int) or not isinstance(begins, int):
        raise NotValidatedError("without a time")
    if not now_s <= expires <= now_s + LIFE_MAX_S or begins > now_s:
        raise NotValidatedError("not of this time")


def _is_signed(token: Jws, keys: ClientKeys) -> bool:
    how = _PADDINGS.get(str(token.header.get("alg")))
    shown = keys.key(token.header.get("kid"))
    if how is None or shown is None:
        return False
    key = load_der_public_key(shown.public_key)
    assert isinstance(key, rsa.RSAPublicKey)
    try:
        key.verify(token.signature, token.signed, how, SHA256())
    except InvalidSignature:
        return False
    return True


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise ValueError("expected Base64") from None

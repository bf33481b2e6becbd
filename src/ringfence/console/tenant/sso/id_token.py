"""Whom an ID token is about, if all of it is right: signed by its issuer, for us, now, for this very sign-in.

Source: OpenID Connect Core 1.0, 3.1.3.7; RFC 8725 (algorithms); RFC 8176 (amr); OpenID EAP ACR Values (phr, phrh).
"""

import hmac
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

# Signed by a key of the provider's own: nothing that a shared secret, or nobody, could sign.
ALGORITHMS: Final = ("RS256", "PS256", "ES256")
# What says that a phishing page got nothing: authentication that answers to its origin, keys in hardware, smart cards.
STRONG: Final = ("phr", "phrh", "hwk", "sc")
SKEW_S: Final = 60
AGE_MAX_S: Final = 600
TOKEN_MAX: Final = 16_384
SUBJECT_MAX: Final = 255
SHOWN_MAX: Final = 100
# 2,048 bits, as base64url.
RSA_MODULUS_MIN: Final = 342


class NoJoseError(Exception):
    """joserfc is not installed."""


class IdTokenRefusedError(Exception):
    """The reason is one word, for logs and tests; it holds nothing of the token."""


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """What the token must say. `accepted` are the words of `acr` and `amr` of which one is needed."""

    issuer: str
    client_id: str
    nonce: str
    accepted: Sequence[str]
    now_s: int


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """`subject` is the issuer's name for the person, for good; `shown` what people know them by: it proves nothing."""

    subject: str
    shown: str

    def __repr__(self) -> str:
        return "Subject(…)"


def subject_of(token: str, keys: Sequence[Mapping[str, Any]], expected: Expected) -> Subject:
    """IdTokenRefusedError for whatever is not right; "weak" where all is but the way that the person signed in."""
    claims = _signed(token, keys)
    if claims.get("iss") != expected.issuer:
        raise IdTokenRefusedError("iss")
    _check_audience(claims, expected.client_id)
    _check_time(claims, expected.now_s)
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), expected.nonce.encode()):
        raise IdTokenRefusedError("nonce")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 1 <= len(subject) <= SUBJECT_MAX or not subject.isprintable():
        raise IdTokenRefusedError("sub")
    if not _ways(claims) & set(expected.accepted):
        raise IdTokenRefusedError("weak")
    return Subject(subject=subject, shown=_shown(claims) or subject[:SHOWN_MAX])


def usable_keys(keys: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Public keys that may sign; a shared secret among a provider's keys is none."""
    return [
        key
        for key in keys
        if key.get("use", "sig") == "sig"
        and (
            (key.get("kty") == "RSA" and isinstance(key.get("n"), str) and len(key["n"]) >= RSA_MODULUS_MIN)
            or (key.get("kty") == "EC" and key.get("crv") == "P-256")
        )
    ]


def key_of(token: str) -> str:
    """The `kid` that a token names, unverified; IdTokenRefusedError where it names none."""
    from_jose()
    from joserfc import jws
    from joserfc.errors import JoseError

    try:
        kid = jws.extract_compact(token.encode()).headers().get("kid")
    except (JoseError, ValueError, UnicodeError):
        raise IdTokenRefusedError("form") from None
    if not isinstance(kid, str):
        raise IdTokenRefusedError("kid")
    return kid


def from_jose() -> None:
    """Return where joserfc is installed. NoJoseError."""
    try:
        import joserfc  # noqa: F401
    except ImportError:
        raise NoJoseError from None


def _signed(token: str, keys: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    if len(token) > TOKEN_MAX:
        raise IdTokenRefusedError("form")
    kid = key_of(token)
    named = [key for key in usable_keys(keys) if key.get("kid") == kid]
    if len(named) != 1:
        raise IdTokenRefusedError("kid")
    try:
        decoded = jwt.decode(token, KeySet.import_key_set({"keys": [dict(named[0])]}), algorithms=list(ALGORITHMS))
    except (JoseError, ValueError, KeyError, TypeError):
        raise IdTokenRefusedError("signature") from None
    return decoded.claims


def _check_audience(claims: Mapping[str, Any], client_id: str) -> None:
    audience, party = claims.get("aud"), claims.get("azp")
    named = [audience] if isinstance(audience, str) else audience
    if not isinstance(named, list) or client_id not in named:
        raise IdTokenRefusedError("aud")
    if (len(named) > 1 or party is not None) and party != client_id:
        raise IdTokenRefusedError("azp")


def _check_time(claims: Mapping[str, Any], now_s: int) -> None:
    ends, made, begins = (
        _second(claims.get(name, other)) for name, other in (("exp", None), ("iat", None), ("nbf", 0))
    )
    if ends <= now_s - SKEW_S or begins > now_s + SKEW_S:
        raise IdTokenRefusedError("exp")
    if not now_s - AGE_MAX_S - SKEW_S <= made <= now_s + SKEW_S:
        raise IdTokenRefusedError("iat")


def _second(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise IdTokenRefusedError("time")
    return value


def _ways(claims: Mapping[str, Any]) -> set[str]:
    methods = claims.get("amr")
    found = {each for each in methods if isinstance(each, str)} if isinstance(methods, list) else set()
    return found | ({claims["acr"]} if isinstance(claims.get("acr"), str) else set())


def _shown(claims: Mapping[str, Any]) -> str:
    for name in ("email", "preferred_username", "name"):
        value = claims.get(name)
        if isinstance(value, str) and value.strip() and value.isprintable():
            return value.strip()[:SHOWN_MAX]
    return ""

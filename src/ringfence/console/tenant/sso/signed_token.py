"""What a provider signed, if it is signed by the provider: claims of an ID token, or of a logout token.

Source: RFC 7515; RFC 7517; RFC 8725 (algorithms).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

# Signed by a key of the provider's own: nothing that a shared secret, or nobody, could sign.
ALGORITHMS: Final = ("RS256", "PS256", "ES256")
SKEW_S: Final = 60
AGE_MAX_S: Final = 600
TOKEN_MAX: Final = 16_384
# Of a person, and of a session.
NAME_MAX: Final = 255
# 2,048 bits, as base64url.
RSA_MODULUS_MIN: Final = 342


class NoJoseError(Exception):
    """joserfc is not installed."""


class TokenRefusedError(Exception):
    """The reason is one word, for logs and tests; it holds nothing of the token."""


class _Addressed(msgspec.Struct, frozen=True):
    iss: str
    aud: str | list[str]


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
    """The `kid` that a token names, unverified; TokenRefusedError where it names none."""
    from_jose()
    from joserfc import jws
    from joserfc.errors import JoseError

    try:
        kid = jws.extract_compact(token.encode()).headers().get("kid")
    except (JoseError, ValueError, UnicodeError):
        raise TokenRefusedError("form") from None
    if not isinstance(kid, str):
        raise TokenRefusedError("kid")
    return kid


def addressed(token: str) -> tuple[str, Sequence[str]]:
    """Who a token says that made it, and for whom, unverified: by which it is known whose keys to ask for."""
    from_jose()
    from joserfc import jws
    from joserfc.errors import JoseError

    if len(token) > TOKEN_MAX:
        raise TokenRefusedError("form")
    try:
        claims = msgspec.json.decode(jws.extract_compact(token.encode()).payload, type=_Addressed)
    except (JoseError, msgspec.DecodeError, ValueError, RecursionError):
        raise TokenRefusedError("form") from None
    return claims.iss, [claims.aud] if isinstance(claims.aud, str) else claims.aud


def from_jose() -> None:
    """Return where joserfc is installed. NoJoseError."""
    try:
        import joserfc  # noqa: F401
    except ImportError:
        raise NoJoseError from None


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Who must have made a token, for whom, now. `types` are what its head may call it, in small letters, or ""."""

    issuer: str
    client_id: str
    now_s: int
    types: Sequence[str] = ("", "jwt")


def claims_of(token: str, keys: Sequence[Mapping[str, Any]], wanted: Wanted) -> dict[str, Any]:
    """Its claims, of which issuer, audience and times are as wanted; others are not looked at. TokenRefusedError."""
    claims = _signed(token, keys, wanted.types)
    if claims.get("iss") != wanted.issuer:
        raise TokenRefusedError("iss")
    _check_audience(claims, wanted.client_id)
    _check_time(claims, wanted.now_s)
    return claims


def subject_in(claims: Mapping[str, Any]) -> str:
    """The provider's own name for the person. TokenRefusedError."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 1 <= len(subject) <= NAME_MAX or not subject.isprintable():
        raise TokenRefusedError("sub")
    return subject


def session_in(claims: Mapping[str, Any]) -> str:
    """The provider's own name for the session, "" where it says none. TokenRefusedError."""
    name = claims.get("sid", "")
    if not isinstance(name, str) or len(name) > NAME_MAX or not (not name or name.isprintable()):
        raise TokenRefusedError("sid")
    return name


def _signed(token: str, keys: Sequence[Mapping[str, Any]], types: Sequence[str]) -> dict[str, Any]:
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    if len(token) > TOKEN_MAX:
        raise TokenRefusedError("form")
    kid = key_of(token)
    named = [key for key in usable_keys(keys) if key.get("kid") == kid]
    if len(named) != 1:
        raise TokenRefusedError("kid")
    try:
        decoded = jwt.decode(token, KeySet.import_key_set({"keys": [dict(named[0])]}), algorithms=list(ALGORITHMS))
    except (JoseError, ValueError, KeyError, TypeError):
        raise TokenRefusedError("signature") from None
    if str(decoded.header.get("typ", "")).lower().removeprefix("application/") not in types:
        raise TokenRefusedError("typ")
    return decoded.claims


def _check_audience(claims: Mapping[str, Any], client_id: str) -> None:
    audience, party = claims.get("aud"), claims.get("azp")
    named = [audience] if isinstance(audience, str) else audience
    if not isinstance(named, list) or client_id not in named:
        raise TokenRefusedError("aud")
    if (len(named) > 1 or party is not None) and party != client_id:
        raise TokenRefusedError("azp")


def _check_time(claims: Mapping[str, Any], now_s: int) -> None:
    ends, made, begins = (
        _second(claims.get(name, other)) for name, other in (("exp", None), ("iat", None), ("nbf", 0))
    )
    if ends <= now_s - SKEW_S or begins > now_s + SKEW_S:
        raise TokenRefusedError("exp")
    if not now_s - AGE_MAX_S - SKEW_S <= made <= now_s + SKEW_S:
        raise TokenRefusedError("iat")


def _second(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TokenRefusedError("time")
    return value

"""Whom an ID token is about, if all of it is right: signed by its issuer, for us, now, for this very sign-in.

Source: OpenID Connect Core 1.0, 3.1.3.7; RFC 8725 (algorithms); RFC 8176 (amr); OpenID EAP ACR Values (phr, phrh).
"""

import hmac
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from ringfence.console.tenant.sso.signed_token import TokenRefusedError, Wanted, claims_of, session_in, subject_in

# What says that a phishing page got nothing: authentication that answers to its origin, keys in hardware, smart cards.
STRONG: Final = ("phr", "phrh", "hwk", "sc")
SHOWN_MAX: Final = 100


class Expected(Wanted, frozen=True, kw_only=True):
    """What the token must say. `accepted` are the words of `acr` and `amr` of which one is needed."""

    nonce: str
    accepted: Sequence[str]


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """`subject` is the issuer's name for the person, for good; `shown` what people know them by: it proves nothing.

    `sid` is its name for this session of theirs, "" where it says none.
    """

    subject: str
    shown: str
    sid: str

    def __repr__(self) -> str:
        return "Subject(…)"


def subject_of(token: str, keys: Sequence[Mapping[str, Any]], expected: Expected) -> Subject:
    """TokenRefusedError for whatever is not right; "weak" where all is but the way that the person signed in."""
    claims = claims_of(token, keys, expected)
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), expected.nonce.encode()):
        raise TokenRefusedError("nonce")
    subject = subject_in(claims)
    if not _ways(claims) & set(expected.accepted):
        raise TokenRefusedError("weak")
    return Subject(subject=subject, shown=_shown(claims) or subject[:SHOWN_MAX], sid=session_in(claims))


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

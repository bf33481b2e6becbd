"""Whom a logout token signs out, if all of it is right: signed by its issuer, for us, now, and about nothing else.

Source: OpenID Connect Back-Channel Logout 1.0, 2.4 and 2.6.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from ringfence.console.tenant.sso.signed_token import (
    NAME_MAX,
    TokenRefusedError,
    Wanted,
    claims_of,
    session_in,
    subject_in,
)

EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
TYPES: Final = ("logout+jwt", "jwt", "")


class Leaves(msgspec.Struct, frozen=True, kw_only=True):
    """Who left, and when: all sessions of `subject`, or the one that the provider calls `sid`. "" is what it left out.

    `at_s` is Unix time, by the provider's clock; `jti` its name for the token.
    """

    jti: str
    subject: str
    sid: str
    at_s: int

    def __repr__(self) -> str:
        return "Leaves(…)"


def leaves_by(token: str, keys: Sequence[Mapping[str, Any]], *, issuer: str, client_id: str, now_s: int) -> Leaves:
    """TokenRefusedError for whatever is not right: an ID token too, which has a nonce and no such event."""
    wanted = Wanted(issuer=issuer, client_id=client_id, now_s=now_s, types=TYPES)
    claims = claims_of(token, keys, wanted)
    events, named = claims.get("events"), claims.get("jti")
    if not isinstance(events, dict) or not isinstance(events.get(EVENT), dict):
        raise TokenRefusedError("events")
    if "nonce" in claims:
        raise TokenRefusedError("nonce")
    if not isinstance(named, str) or not 1 <= len(named) <= NAME_MAX:
        raise TokenRefusedError("jti")
    subject, sid = subject_in(claims) if "sub" in claims else "", session_in(claims)
    if not subject and not sid:
        raise TokenRefusedError("sub")
    return Leaves(jti=named, subject=subject, sid=sid, at_s=claims["iat"])

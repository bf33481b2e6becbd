"""Access Tokens: what a program gives to a phone, so that it may call and be called under a name for a while.

A JSON Web Token signed by HMAC-SHA256 under an API key's secret. Source: Twilio, "Access Tokens"; RFC 7519; RFC 7515.
"""

import hmac
import re
from typing import Any

import msgspec

from ringfence.domain.base64url import decode_base64url
from ringfence.domain.sealing.hmac_states import sign_sha256
from ringfence.domain.sid import is_sid

MAX_CHARACTERS = 8_192
MAX_LIFETIME_S = 24 * 3_600
# Whose clock is a little ahead of ours has not made a token for the future, nor for too long.
LEEWAY_S = 60
MAX_IDENTITY_CHARACTERS = 256
ALGORITHM = "HS256"
CONTENT_TYPE = re.compile(r"twilio-fpa;v=[0-9]+")

INVALID = 20101
INVALID_HEADER = 20102
INVALID_ISSUER = 20103
EXPIRED = 20104
NOT_YET_VALID = 20105
INVALID_GRANTS = 20106
INVALID_SIGNATURE = 20107
LIVES_TOO_LONG = 20157


class TokenRefusedError(Exception):
    """The token is not good. `code` is Twilio's."""

    def __init__(self, code: int) -> None:
        super().__init__(f"access token: {code}")
        self.code = code


class VoiceGrant(msgspec.Struct, frozen=True, kw_only=True):
    """What the bearer may do: be called, and call what `application_sid` answers with these parameters beside."""

    incoming: bool = False
    application_sid: str = ""
    parameters: tuple[tuple[str, str], ...] = ()


class AccessToken(msgspec.Struct, frozen=True, kw_only=True):
    """A good token: whose it is, under which name, and until when (Unix, seconds)."""

    account: str
    key_sid: str
    identity: str
    voice: VoiceGrant
    expires_s: int

    def __repr__(self) -> str:
        return f"AccessToken({self.key_sid})"


class ClaimedToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token as it claims to be: whose key is to be asked before anything of it is believed."""

    key_sid: str
    account: str
    claims: dict[str, Any]
    signed: bytes
    signature: bytes

    def __repr__(self) -> str:
        return f"ClaimedToken({self.key_sid})"


def read_token(text: str) -> ClaimedToken:
    """What a token claims; TokenRefusedError where it is none, or not one of ours."""
    parts = text.split(".")
    if len(parts) != 3 or len(text) > MAX_CHARACTERS or not text.isascii():
        raise TokenRefusedError(INVALID)
    header, claims = _object(parts[0]), _object(parts[1])
    if header.get("alg") != ALGORITHM or header.get("typ", "JWT") != "JWT" or "crit" in header:
        raise TokenRefusedError(INVALID_HEADER)
    content_type = header.get("cty")
    if not isinstance(content_type, str) or CONTENT_TYPE.fullmatch(content_type) is None:
        raise TokenRefusedError(INVALID_HEADER)
    issuer, subject = claims.get("iss"), claims.get("sub")
    if not isinstance(issuer, str) or not isinstance(subject, str):
        raise TokenRefusedError(INVALID_ISSUER)
    if not is_sid(issuer, "SK") or not is_sid(subject, "AC"):
        raise TokenRefusedError(INVALID_ISSUER)
    return ClaimedToken(
        key_sid=issuer,
        account=subject,
        claims=claims,
        signed=f"{parts[0]}.{parts[1]}".encode(),
        signature=_bytes(parts[2]),
    )


def is_signed(claimed: ClaimedToken, states: bytes) -> bool:
    """Whether whoever has the secret of its key, whose HMAC `states` these are, signed it: good now or not."""
    return hmac.compare_digest(sign_sha256(states, claimed.signed), claimed.signature)


def verify_token(claimed: ClaimedToken, states: bytes, now_s: int) -> AccessToken:
    """The token, where its key's HMAC `states` signed it and it is good now; TokenRefusedError otherwise."""
    if not is_signed(claimed, states):
        raise TokenRefusedError(INVALID_SIGNATURE)
    claims = claimed.claims
    expires_s, from_s = _seconds(claims, "exp"), _seconds(claims, "nbf")
    if expires_s is None or expires_s <= now_s:
        raise TokenRefusedError(EXPIRED)
    if from_s is not None and from_s > now_s + LEEWAY_S:
        raise TokenRefusedError(NOT_YET_VALID)
    if expires_s > now_s + MAX_LIFETIME_S + LEEWAY_S:
        raise TokenRefusedError(LIVES_TOO_LONG)
    grants = claims.get("grants")
    if not isinstance(grants, dict):
        raise TokenRefusedError(INVALID_GRANTS)
    identity = grants.get("identity", "")
    if not isinstance(identity, str) or len(identity) > MAX_IDENTITY_CHARACTERS:
        raise TokenRefusedError(INVALID_GRANTS)
    return AccessToken(
        account=claimed.account,
        key_sid=claimed.key_sid,
        identity=identity,
        voice=_voice(grants),
        expires_s=expires_s,
    )


def _voice(grants: dict[str, Any]) -> VoiceGrant:
    voice = grants.get("voice")
    if not isinstance(voice, dict):
        raise TokenRefusedError(INVALID_GRANTS)
    incoming, outgoing = voice.get("incoming", {}), voice.get("outgoing", {})
    if not isinstance(incoming, dict) or not isinstance(outgoing, dict):
        raise TokenRefusedError(INVALID_GRANTS)
    application_sid, parameters = outgoing.get("application_sid", ""), outgoing.get("params", {})
    if not isinstance(application_sid, str) or not isinstance(parameters, dict):
        raise TokenRefusedError(INVALID_GRANTS)
    if application_sid and not is_sid(application_sid, "AP"):
        raise TokenRefusedError(INVALID_GRANTS)
    return VoiceGrant(
        incoming=incoming.get("allow") is True,
        application_sid=application_sid,
        parameters=tuple((str(name), str(value)) for name, value in parameters.items()),
    )


def _seconds(claims: dict[str, Any], name: str) -> int | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TokenRefusedError(EXPIRED)
    return int(value)


def _object(part: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(_bytes(part), type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise TokenRefusedError(INVALID) from None


def _bytes(part: str) -> bytes:
    try:
        return decode_base64url(part)
    except ValueError:
        raise TokenRefusedError(INVALID) from None

"""What a device signs in with: for a factor it has, by that factor's key; for one it is to make, by an enrolment token.

Source: Twilio, Verify Push client libraries (`twilio-pba;v=1`); Twilio, Verify v2, "Access Token resource".
"""

from typing import Any, Final

import msgspec

from ringfence.domain.identity import is_identity
from ringfence.domain.jws import Jws
from ringfence.domain.sid import is_sid

LOGIN: Final = "twilio-pba;v=1"
ENROLMENT: Final = "ringfence-enrolment;v=1"
LEEWAY_S: Final = 60
LOGIN_MAX_S: Final = 600
"""How long a device's own token may live."""
TTL_MIN_S: Final = 60
TTL_MAX_S: Final = 300


class DeviceOf(msgspec.Struct, frozen=True, kw_only=True):
    """Whose device: the factor (YF…) of a service of an account."""

    account: str
    service: str
    factor: str


class Enrolment(msgspec.Struct, frozen=True, kw_only=True):
    """Leave to make one push factor for one identity, until `expires_s` (Unix). `sid` is the token's (YK…)."""

    sid: str
    account: str
    service: str
    identity: str
    friendly_name: str
    issued_s: int
    expires_s: int

    def __repr__(self) -> str:
        return f"Enrolment({self.sid})"


class EnrolmentSecret(msgspec.Struct, frozen=True, kw_only=True):
    """What is sealed of a leave that was given: for whom, and what the factor will be called ("" is not given)."""

    identity: str
    friendly_name: str

    def __repr__(self) -> str:
        return "EnrolmentSecret(…)"


def login_claimed(token: Jws) -> DeviceOf | None:
    """Whose device a token claims to be of; None where it is no device's."""
    grant = _grant(token)
    account, service, factor = token.claims.get("sub"), grant.get("service_sid"), grant.get("factor_sid")
    if token.header.get("cty") != LOGIN:
        return None
    if not (_is(account, "AC") and _is(service, "VA") and _is(factor, "YF")):
        return None
    return DeviceOf(account=str(account), service=str(service), factor=str(factor))


def is_good_now(token: Jws, now_s: int) -> bool:
    """True where a device's token has begun, has not ended, and does not live too long."""
    ends, begins = _seconds(token, "exp"), _seconds(token, "nbf")
    if ends is None or ends <= now_s or ends > now_s + LOGIN_MAX_S + LEEWAY_S:
        return False
    return begins is None or begins <= now_s + LEEWAY_S


def enrolment_claims(enrolment: Enrolment) -> dict[str, Any]:
    """What an enrolment token says."""
    return {
        "jti": enrolment.sid,
        "sub": enrolment.account,
        "iat": enrolment.issued_s,
        "exp": enrolment.expires_s,
        "grants": {
            "verify_push": {
                "service_sid": enrolment.service,
                "identity": enrolment.identity,
                "factor_type": "push",
                "friendly_name": enrolment.friendly_name,
            }
        },
    }


def enrolment_claimed(token: Jws) -> Enrolment | None:
    """What an enrolment token claims to be; None where it is none."""
    grant = _grant(token)
    sid, account, service = token.claims.get("jti"), token.claims.get("sub"), grant.get("service_sid")
    identity, name = grant.get("identity"), grant.get("friendly_name")
    issued_s, expires_s = _seconds(token, "iat"), _seconds(token, "exp")
    if token.header.get("cty") != ENROLMENT or issued_s is None or expires_s is None:
        return None
    if not (_is(sid, "YK") and _is(account, "AC") and _is(service, "VA")):
        return None
    if not isinstance(identity, str) or not is_identity(identity) or not isinstance(name, str):
        return None
    return Enrolment(
        sid=str(sid),
        account=str(account),
        service=str(service),
        identity=identity,
        friendly_name=name,
        issued_s=issued_s,
        expires_s=expires_s,
    )


def _grant(token: Jws) -> dict[str, Any]:
    grants = token.claims.get("grants")
    grant = grants.get("verify_push") if isinstance(grants, dict) else None
    return grant if isinstance(grant, dict) else {}


def _is(value: object, prefix: str) -> bool:
    return isinstance(value, str) and is_sid(value, prefix)


def _seconds(token: Jws, name: str) -> int | None:
    value = token.claims.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None

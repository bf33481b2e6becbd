"""What Okta's hooks send and expect, as JSON, and nothing of HTTP or of Twilio.

Sources: Okta, "Telephony inline hook reference" and "Event hooks".
"""

import json
from dataclasses import dataclass
from typing import Any

PROVIDER = "TWILIO"
CHANNELS = {"SMS": "sms", "CALL": "call", "VOICE": "call"}
# A user who shows the code has it from us; a first enrolment is told as the factor's activation.
CODE_WAS_RIGHT = {"user.authentication.auth_via_mfa", "user.mfa.factor.activate"}


class InvalidRequestError(ValueError):
    """Not what Okta sends; the text says what is missing, and never what was there."""


@dataclass(frozen=True)
class Sending:
    """A code that is to be carried."""

    user: str
    number: str
    code: str
    channel: str
    locale: str

    def __repr__(self) -> str:
        return f"Sending({self.channel})"


def read_sending(body: bytes) -> Sending:
    """The telephony inline hook's request. InvalidRequestError for anything else."""
    value = _object(body)
    if value.get("eventType") != "com.okta.telephony.provider":
        raise InvalidRequestError("eventType is not com.okta.telephony.provider")
    channel = CHANNELS.get(_text(value, "data", "messageProfile", "deliveryChannel").upper())
    if channel is None:
        raise InvalidRequestError("deliveryChannel is neither SMS nor CALL")
    return Sending(
        user=_text(value, "data", "userProfile", "userId"),
        number=_text(value, "data", "messageProfile", "phoneNumber"),
        code=_text(value, "data", "messageProfile", "otpCode"),
        channel=channel,
        locale=_text(value, "data", "messageProfile", "locale", default=""),
    )


def read_users_who_were_right(body: bytes) -> list[str]:
    """Ids of users who showed their second factor, from an event hook's request. InvalidRequestError."""
    data = _object(body).get("data")
    events = data.get("events") if isinstance(data, dict) else None
    if not isinstance(events, list):
        raise InvalidRequestError("data.events is missing")
    return [
        _text(event, "actor", "id")
        for event in events
        if isinstance(event, dict)
        and _text(event, "eventType", default="") in CODE_WAS_RIGHT
        and _text(event, "outcome", "result", default="") == "SUCCESS"
    ]


def answer(status: str, transaction: str, metadata: str) -> dict[str, Any]:
    """The one command there is. `status` is SUCCESSFUL, PENDING or FAILED."""
    value = {"status": status, "provider": PROVIDER, "transactionId": transaction, "transactionMetadata": metadata}
    return {"commands": [{"type": "com.okta.telephony.action", "value": [value]}]}


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise InvalidRequestError("the body is not JSON") from None
    if not isinstance(value, dict):
        raise InvalidRequestError("the body is not an object")
    return value


def _text(value: Any, *path: str, default: str | None = None) -> str:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    if isinstance(value, str) and value:
        return value
    if default is None:
        raise InvalidRequestError(f"{'.'.join(path)} is missing")
    return default

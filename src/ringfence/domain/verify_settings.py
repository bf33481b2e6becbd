"""What each setting of a Verify Service may be, read from text: by the API's parameters and by the console's form.

A ValueError's text says what was expected, and holds nothing of the value.
Source: Twilio, Verify v2, "Service resource".
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from ringfence.domain.channel_policy import read_policy
from ringfence.domain.passkeys.origin import read_domain, read_origin
from ringfence.domain.sid import is_sid
from ringfence.domain.spoken_code import CODE_PLACE
from ringfence.domain.verify_service import CODE_LENGTH_MAX, CODE_LENGTH_MIN, NAME_MAX_CHARACTERS, VerifyService
from ringfence.domain.web_url import InvalidUrlError, parse_url

LINE_MAX_CHARACTERS: Final = 255
ORIGINS_MAX: Final = 50


def _integer(text: str) -> int:
    if re.fullmatch(r"-?[0-9]{1,18}", text) is None:
        raise ValueError("expected a whole number")
    return int(text)


def between(low: int, high: int) -> Callable[[str], int]:
    """Reads a whole number from `low` to `high`."""

    def read(text: str) -> int:
        number = _integer(text)
        if not low <= number <= high:
            raise ValueError(f"expected {low} to {high}")
        return number

    return read


def sid_of(prefix: str) -> Callable[[str], str]:
    """Reads a SID of that kind."""

    def read(text: str) -> str:
        if not is_sid(text, prefix):
            raise ValueError(f"expected {prefix} and 32 hexadecimal digits")
        return text

    return read


def read_service_name(text: str) -> str:
    """What a text calls the service: it has no line break, and no digits that could be taken for a code.

    Nor a place for the code: in `shop.example/{{code}}` a telephone's preview of the link would carry the code there.
    """
    if len(text) > NAME_MAX_CHARACTERS:
        raise ValueError(f"expected at most {NAME_MAX_CHARACTERS} characters")
    if not text.isprintable():
        raise ValueError("expected no control characters")
    if CODE_PLACE in text:
        raise ValueError("expected no place for the code")
    digits = 0
    for char in text:
        digits = digits + 1 if char.isdigit() else 0
        if digits >= CODE_LENGTH_MIN:
            raise ValueError(f"expected fewer than {CODE_LENGTH_MIN} digits in a row")
    return text


def read_line(text: str) -> str:
    """A name that is kept with the service, and so read with every code."""
    if len(text) > LINE_MAX_CHARACTERS or not text.isprintable():
        raise ValueError(f"expected one line of at most {LINE_MAX_CHARACTERS} characters")
    return text


def read_host(text: str) -> str:
    """A host name as a browser shows it."""
    host = text.lower()
    try:
        parsed = parse_url(f"https://{host}/")
    except InvalidUrlError:
        raise ValueError("expected a host name") from None
    if parsed.host != host:
        raise ValueError("expected a host name")
    return host


def read_origins(text: str) -> tuple[str, ...]:
    """Host names with commas between them: origins without their "https://", unless they are of another scheme."""
    parts = text.split(",")
    if len(parts) > ORIGINS_MAX:
        raise ValueError(f"expected at most {ORIGINS_MAX} origins")
    return tuple(read_origin(part.strip()).removeprefix("https://") for part in parts)


def _flag(text: str) -> bool:
    """As a form has it: a box that is ticked is sent, and one that is not is absent."""
    return text == "on"


def _name(text: str) -> str:
    if not text:
        raise ValueError("expected a name")
    return read_service_name(text)


def _or_none(read: Callable[[str], Any], none: Any = "") -> Callable[[str], Any]:
    return lambda text: read(text) if text else none


def _one_of(*choices: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in ("", *choices):
            raise ValueError(f"expected one of {', '.join(choices)}")
        return text

    return read


_WISH: Final = _one_of("required", "preferred", "discouraged")
# By the names of `VerifyService`; what belongs to a part of it stands after a point.
_FORM: Final[Mapping[str, Callable[[str], Any]]] = {
    "friendly_name": _name,
    "code_length": between(CODE_LENGTH_MIN, CODE_LENGTH_MAX),
    "lookup_enabled": _flag,
    "skip_sms_to_landlines": _flag,
    "dtmf_input_required": _flag,
    "tts_name": read_line,
    "psd2_enabled": _flag,
    "do_not_share_warning_enabled": _flag,
    "custom_code_enabled": _flag,
    "default_template_sid": _or_none(sid_of("HJ")),
    "verify_event_subscription_enabled": _flag,
    "code_host": _or_none(read_host),
    "new_factors_need_approval": _flag,
    "channel_policy": _or_none(read_policy, ()),
    "push.include_date": _flag,
    "push.number_matching": _flag,
    "push.apn_credential_sid": _or_none(sid_of("CR")),
    "push.fcm_credential_sid": _or_none(sid_of("CR")),
    "totp.issuer": read_line,
    "totp.time_step": between(20, 60),
    "totp.code_length": between(3, 8),
    "totp.skew": between(0, 2),
    "whatsapp.msg_service_sid": _or_none(sid_of("MG")),
    "whatsapp.sender": read_line,
    "passkeys.relying_party_id": _or_none(read_domain),
    "passkeys.relying_party_name": read_line,
    "passkeys.relying_party_origins": _or_none(read_origins, ()),
    "passkeys.authenticator_attachment": _one_of("platform", "cross-platform", "any"),
    "passkeys.discoverable_credentials": _WISH,
    "passkeys.user_verification": _WISH,
}


def as_form(service: VerifyService) -> dict[str, str]:
    """Every setting as a form shows it, by name: "on" or "" for what is yes or no."""
    return {name: _written(_value(service, name)) for name in _FORM}


def from_form(service: VerifyService, given: Mapping[str, str]) -> VerifyService:
    """The service with every setting as the form has it. ValueError names the setting, and what was expected."""
    changes: dict[str, Any] = {}
    for name, read in _FORM.items():
        try:
            value = read(given.get(name, "").strip())
        except ValueError as wrong:
            raise ValueError(f"{name}: {wrong}") from None
        part, _, field = name.partition(".")
        if field:
            changes[part] = msgspec.structs.replace(changes.get(part) or getattr(service, part), **{field: value})
        else:
            changes[name] = value
    return msgspec.structs.replace(service, **changes)


def _value(service: VerifyService, name: str) -> Any:
    part, _, field = name.partition(".")
    found = getattr(service, part)
    return getattr(found, field) if field else found


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else ""
    return ", ".join(value) if isinstance(value, tuple) else str(value)

"""Sealed configuration as its owner sees and changes it in a form: what there is to set, and what of it is taken.

A record's fields are named as their Struct in `domain.standing` names them; values are text, and "" means: not set.
URLs are read as strictly as the API reads them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Generic, NamedTuple, TypeVar

import msgspec

from ringfence.domain.sid import is_sid
from ringfence.domain.standing import (
    NumberConfig,
    ServiceConfig,
    decode_number_config,
    decode_service_config,
    encode_number_config,
    encode_service_config,
)
from ringfence.domain.web_url import parse_url

APPLICATION: Final = "AP"
_Config = TypeVar("_Config")


class FieldRefusedError(ValueError):
    """A field may not hold that. The text names the field, and holds nothing of its value."""


class VerifyWebhookUrl(msgspec.Struct, frozen=True, kw_only=True):
    """What a Verify Service's webhook has sealed: the address it asks, which is all of it."""

    url: str = ""


class NoticeUrl(msgspec.Struct, frozen=True, kw_only=True):
    """What is sealed of where an account is told of notices: the address, which is all of it."""

    url: str = ""


class _Kind(NamedTuple, Generic[_Config]):
    """A kind of record: what it is decoded to and encoded from, and how each field of its form is read.

    What is `only_shown` has no form here.
    """

    empty: Callable[[], _Config]
    decode: Callable[[bytes], _Config]
    encode: Callable[[_Config], bytes]
    fields: Mapping[str, Callable[[str], str]]
    needed: Sequence[str] = ()
    only_shown: bool = False


def fields_of(record: str, value: bytes) -> dict[str, str]:
    """What a form of the record shows, by name. ValueError for a record that has no form."""
    kind = _kind(record)
    config = kind.decode(value)
    return {name: getattr(config, name) for name in kind.fields}


def with_changes(record: str, value: bytes, changes: Mapping[str, str]) -> bytes:
    """The record's value with those fields changed; b"" stands for one that is not yet.

    FieldRefusedError for a field that there is not, for a value that it may not have, and for one that is needed.
    """
    kind = _kind(record)
    if kind.only_shown:
        raise FieldRefusedError("this is not changed so")
    config = kind.decode(value) if value else kind.empty()
    read = {}
    for name, text in changes.items():
        field = kind.fields.get(name)
        if field is None:
            raise FieldRefusedError("there is no such field")
        try:
            read[name] = field(text)
        except ValueError:
            raise FieldRefusedError(f"{name} may not be that") from None
    changed = msgspec.structs.replace(config, **read)
    for name in kind.needed:
        if not getattr(changed, name):
            raise FieldRefusedError(f"{name} is needed")
    return kind.encode(changed)


def tells_status(record: str, value: bytes) -> bool:
    """Whether texts of a Messaging Service have a status callback, which its row says in the clear."""
    config = _kind(record).decode(value)
    return isinstance(config, ServiceConfig) and bool(config.status_callback)


def _kind(record: str) -> _Kind[Any]:
    kind = _KINDS.get(record.partition(":")[0])
    if kind is None:
        raise ValueError("no record that has a form")
    return kind


def _url(text: str) -> str:
    if text:
        parse_url(text)
    return text


def _method(text: str) -> str:
    if text not in ("GET", "POST"):
        raise ValueError("no method")
    return text


def _application(text: str) -> str:
    if text and not is_sid(text, APPLICATION):
        raise ValueError("no application")
    return text


_KINDS: Final[Mapping[str, _Kind[Any]]] = {
    "number": _Kind(
        NumberConfig,
        decode_number_config,
        encode_number_config,
        {
            "sms_url": _url,
            "sms_method": _method,
            "sms_fallback_url": _url,
            "sms_fallback_method": _method,
            "sms_application_sid": _application,
            "voice_url": _url,
            "voice_method": _method,
            "voice_fallback_url": _url,
            "voice_fallback_method": _method,
            "voice_application_sid": _application,
            "status_callback": _url,
            "status_callback_method": _method,
        },
    ),
    "service": _Kind(
        ServiceConfig,
        decode_service_config,
        encode_service_config,
        {
            "inbound_request_url": _url,
            "inbound_method": _method,
            "fallback_url": _url,
            "fallback_method": _method,
            "status_callback": _url,
        },
    ),
    "verify_webhook": _Kind(
        VerifyWebhookUrl,
        lambda value: VerifyWebhookUrl(url=value.decode()),
        lambda config: config.url.encode(),
        {"url": _url},
        needed=("url",),
    ),
    # Changed by what the console has no hand in: see domain/access_change.py.
    "notice_address": _Kind(
        NoticeUrl,
        lambda value: NoticeUrl(url=value.decode()),
        lambda config: config.url.encode(),
        {"url": _url},
        only_shown=True,
    ),
}

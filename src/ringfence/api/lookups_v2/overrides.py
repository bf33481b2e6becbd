"""What an account says a number's line type is. Source: Twilio, "Lookup v2 Line Type Override"."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from ringfence.api.dates import iso8601
from ringfence.api.lookups_v2.phone_numbers import PRODUCT, VERSION, lookups_of
from ringfence.api.resource import ApiRequest, Resource
from ringfence.domain.errors import ApiError
from ringfence.domain.lookups.packages import LineType
from ringfence.domain.lookups.validation import Examined, examine
from ringfence.usecases.lookups.look_up import LINE_TYPE
from ringfence.usecases.lookups.overrides import Override, Overrides

MAX_REASON_CHARACTERS = 1_024
_NAMED = "{Field}"

overrides = Resource(
    "PhoneNumbers/{PhoneNumber}/Overrides", item="Override", listed="overrides", product=PRODUCT, version=VERSION
)


class OverrideForm(msgspec.Struct, frozen=True, kw_only=True):
    line_type: LineType | None = None
    reason: Annotated[str, Meta(max_length=MAX_REASON_CHARACTERS)] | None = None

    def __repr__(self) -> str:
        return "OverrideForm(…)"


class Overridden(msgspec.Struct, kw_only=True):
    """An override; its time is that of the last change."""

    phone_number: str
    original_line_type: str
    overridden_line_type: str
    override_reason: str
    override_timestamp: str
    overridden_by_account_sid: str

    def __repr__(self) -> str:
        return "Overridden(…)"


def _overrides(request: ApiRequest[Any]) -> Overrides:
    return Overrides(request.deps.store, request.deps.keys, request.deps.clock)


def _number(request: ApiRequest[Any]) -> Examined:
    """The number of the path. ApiError 20001 where it is none, or the field is one that cannot be overridden."""
    if request.path["Field"] != LINE_TYPE:
        raise ApiError(20001, f"Only {LINE_TYPE} can be overridden.")
    examined = examine(request.path["PhoneNumber"])
    if not examined.valid:
        raise ApiError(20001, "Invalid value for PhoneNumber: expected a valid number in E.164 form.")
    return examined


def _shown(request: ApiRequest[Any], number: str, override: Override) -> Overridden:
    return Overridden(
        phone_number=number,
        original_line_type=override.original_type,
        overridden_line_type=override.line_type,
        override_reason=override.reason,
        override_timestamp=iso8601(override.updated_ms),
        overridden_by_account_sid=request.account.sid,
    )


@overrides.at("GET", _NAMED)
async def fetch(request: ApiRequest[msgspec.Struct]) -> Overridden | None:
    number = _number(request).phone_number
    override = await _overrides(request).fetch(request.caller, request.account.sid, number)
    return None if override is None else _shown(request, number, override)


@overrides.at("POST", _NAMED, status=201, body=OverrideForm)
async def create(request: ApiRequest[OverrideForm]) -> Overridden:
    examined, form = _number(request), request.form
    if form.line_type is None:
        raise ApiError(20001, "line_type is missing.")
    number = examined.phone_number
    original = await lookups_of(request).type_of(number, examined.country_code or "")
    made = await _overrides(request).make(
        request.account.sid, number, original_type=original, line_type=form.line_type, reason=form.reason or ""
    )
    if made is None:
        raise ApiError(20001, "This number has an override already: PUT changes it.")
    return _shown(request, number, made)


@overrides.at("PUT", _NAMED, body=OverrideForm)
async def update(request: ApiRequest[OverrideForm]) -> Overridden | None:
    number, form = _number(request).phone_number, request.form
    changed = await _overrides(request).change(
        request.caller, request.account.sid, number, line_type=form.line_type, reason=form.reason
    )
    return None if changed is None else _shown(request, number, changed)


@overrides.at("DELETE", _NAMED, status=204)
async def delete(request: ApiRequest[msgspec.Struct]) -> bool:
    return await _overrides(request).delete(request.account.sid, _number(request).phone_number)

"""Owned numbers: all of them, and by kind. Source: Twilio, "IncomingPhoneNumber resource"."""

import re
from typing import Annotated, Literal

import msgspec

from ringfence.api.dates import rfc2822
from ringfence.api.forms import Name, Rule, read_method, read_url
from ringfence.api.paging import Cursor
from ringfence.api.resource import API_VERSION, ApiRequest, Resource
from ringfence.domain.errors import ApiError
from ringfence.domain.standing import NumberConfig
from ringfence.ports.store import NumberRow
from ringfence.usecases.accounts.buy_number import Kind, buy_number
from ringfence.usecases.accounts.configure_number import configure_number, read_config
from ringfence.usecases.accounts.release_number import release_number

Url = Annotated[str, Rule(read_url, 21402, clears=True)]
Method = Annotated[str, Rule(read_method, 21403)]

incoming_phone_numbers = Resource(
    "Accounts/{AccountSid}/IncomingPhoneNumbers", item="IncomingPhoneNumber", listed="incoming_phone_numbers"
)


class NumberForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """What may be set on a number. "" clears a setting; what is absent stays."""

    friendly_name: Name | None = None
    api_version: str | None = None
    sms_url: Url | None = None
    sms_method: Method | None = None
    sms_fallback_url: Url | None = None
    sms_fallback_method: Method | None = None
    sms_application_sid: str | None = None
    status_callback: Url | None = None
    status_callback_method: Method | None = None
    voice_url: Url | None = None
    voice_method: Method | None = None
    voice_fallback_url: Url | None = None
    voice_fallback_method: Method | None = None
    voice_application_sid: str | None = None
    voice_caller_id_lookup: bool | None = None
    voice_receive_mode: Literal["voice", "fax"] | None = None
    trunk_sid: str | None = None
    address_sid: str | None = None
    identity_sid: str | None = None
    bundle_sid: str | None = None
    emergency_status: Literal["Active", "Inactive"] | None = None
    emergency_address_sid: str | None = None

    def changes(self) -> dict[str, object]:
        """The settings that were given, by NumberConfig's names."""
        given = {name: getattr(self, name) for name in NumberConfig.__struct_fields__}
        return {name: value for name, value in given.items() if value is not None}


class NewNumberForm(NumberForm, frozen=True, kw_only=True, rename="pascal"):
    phone_number: str | None = None
    area_code: str | None = None


class UpdateNumberForm(NumberForm, frozen=True, kw_only=True, rename="pascal"):
    account_sid: str | None = None


class NumberFilter(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    beta: bool | None = None
    friendly_name: str | None = None
    phone_number: str | None = None
    origin: Literal["twilio", "hosted"] | None = None


class KindNumber(msgspec.Struct, kw_only=True):
    """An owned number, as the lists by kind show it."""

    sid: str
    account_sid: str
    friendly_name: str
    phone_number: str
    voice_url: str
    voice_method: str
    voice_fallback_url: str
    voice_fallback_method: str
    voice_caller_id_lookup: bool
    voice_application_sid: str
    voice_receive_mode: str
    trunk_sid: str | None
    date_created: str
    date_updated: str
    sms_url: str
    sms_method: str
    sms_fallback_url: str
    sms_fallback_method: str
    sms_application_sid: str
    status_callback: str
    status_callback_method: str
    capabilities: dict[str, bool]
    address_requirements: str
    address_sid: str | None
    identity_sid: str | None
    bundle_sid: str | None
    emergency_status: str
    emergency_address_sid: str | None
    emergency_address_status: str
    api_version: str
    beta: bool
    origin: str
    status: str
    uri: str


class Number(KindNumber, kw_only=True):
    """An owned number."""

    type: str


_TYPES = {"local": "local", "mobile": "mobile", "tollfree": "toll-free"}


def _fields(row: NumberRow, config: NumberConfig) -> dict[str, object]:
    set_up = msgspec.structs.asdict(config)
    for name in ("trunk_sid", "address_sid", "identity_sid", "bundle_sid", "emergency_address_sid"):
        set_up[name] = set_up[name] or None
    return set_up | {
        "sid": row.sid,
        "account_sid": row.account,
        "friendly_name": row.friendly_name,
        "phone_number": row.number,
        "date_created": rfc2822(row.created_ms),
        "date_updated": rfc2822(row.updated_ms),
        "capabilities": {name: name in row.capabilities for name in ("voice", "sms", "mms", "fax")},
        "address_requirements": "none",
        "emergency_address_status": "unregistered",
        "api_version": API_VERSION,
        "beta": False,
        "origin": "twilio",
        "status": "in-use",
        "uri": f"/{API_VERSION}/Accounts/{row.account}/IncomingPhoneNumbers/{row.sid}.json",
    }


def _number(row: NumberRow, config: NumberConfig) -> Number:
    return Number(**_fields(row, config), type=_TYPES[row.kind])  # type: ignore[arg-type]


def _checked(form: NumberForm) -> None:
    if form.api_version not in (None, "", API_VERSION):
        raise ApiError(20001, f"ApiVersion must be {API_VERSION}.")


async def _buy(request: ApiRequest[NewNumberForm], kind: Kind | None) -> tuple[NumberRow, NumberConfig]:
    form, deps = request.form, request.deps
    _checked(form)
    if not form.phone_number:
        if not form.area_code:
            raise ApiError(21421, "PhoneNumber or AreaCode is required.")
        if re.fullmatch("[2-9][0-9]{2}", form.area_code, re.ASCII) is None:
            raise ApiError(21451)
    config = NumberConfig(**form.changes())  # type: ignore[arg-type]
    row = await buy_number(
        deps.store,
        deps.keys,
        deps.clock,
        account=request.account.sid,
        number=form.phone_number or None,
        area_code=form.area_code,
        kind=kind,
        friendly_name=form.friendly_name,
        config=config,
    )
    return row, config


async def _owned(
    request: ApiRequest[NumberFilter], cursor: Cursor, kind: Kind | None
) -> list[tuple[NumberRow, NumberConfig]]:
    form, deps = request.form, request.deps
    if form.origin == "hosted":
        return []
    rows = await deps.store.numbers(
        request.account.sid,
        number=form.phone_number or None,
        friendly_name=form.friendly_name or None,
        kind=kind,
        before=cursor.before,
        limit=cursor.limit,
    )
    return list(zip(rows, await read_config(deps.keys, request.caller, rows), strict=True))


@incoming_phone_numbers.create(NewNumberForm)
async def create(request: ApiRequest[NewNumberForm]) -> Number:
    return _number(*await _buy(request, None))


@incoming_phone_numbers.list(NumberFilter)
async def list_numbers(request: ApiRequest[NumberFilter], cursor: Cursor) -> list[Number]:
    return [_number(*owned) for owned in await _owned(request, cursor, None)]


@incoming_phone_numbers.fetch()
async def fetch(request: ApiRequest[msgspec.Struct]) -> Number | None:
    row = await request.deps.store.number(request.account.sid, request.sid)
    if row is None:
        return None
    (config,) = await read_config(request.deps.keys, request.caller, [row])
    return _number(row, config)


@incoming_phone_numbers.update(UpdateNumberForm)
async def update(request: ApiRequest[UpdateNumberForm]) -> Number | None:
    form, deps = request.form, request.deps
    _checked(form)
    if form.account_sid not in (None, "", request.account.sid):
        raise ApiError(20501, "Moving a number to another account is not available here yet.")
    row = await deps.store.number(request.account.sid, request.sid)
    if row is None:
        return None
    changed = await configure_number(
        deps.store,
        deps.keys,
        deps.clock,
        row,
        caller=request.caller,
        changes=form.changes(),
        friendly_name=form.friendly_name,
    )
    return _number(*changed)


@incoming_phone_numbers.delete()
async def delete(request: ApiRequest[msgspec.Struct]) -> bool:
    deps = request.deps
    return await release_number(deps.store, deps.clock, account=request.account.sid, sid=request.sid)


def _by_kind(segment: str, kind: Kind) -> Resource:
    resource = Resource(
        f"Accounts/{{AccountSid}}/IncomingPhoneNumbers/{segment}",
        item="IncomingPhoneNumber",
        listed="incoming_phone_numbers",
    )

    @resource.create(NewNumberForm)
    async def create(request: ApiRequest[NewNumberForm]) -> KindNumber:
        row, config = await _buy(request, kind)
        return KindNumber(**_fields(row, config))  # type: ignore[arg-type]

    @resource.list(NumberFilter)
    async def list_numbers(request: ApiRequest[NumberFilter], cursor: Cursor) -> list[KindNumber]:
        owned = await _owned(request, cursor, kind)
        return [KindNumber(**_fields(row, config)) for row, config in owned]  # type: ignore[arg-type]

    return resource


incoming_by_kind = (_by_kind("Local", "local"), _by_kind("Mobile", "mobile"), _by_kind("TollFree", "tollfree"))

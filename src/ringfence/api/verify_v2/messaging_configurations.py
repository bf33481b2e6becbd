"""Which Messaging Service texts which country. Source: Twilio, "Messaging Configurations" of Verify v2."""

import hashlib
from typing import Annotated, Any

import msgspec
import phonenumbers

from ringfence.api.dates import iso8601
from ringfence.api.forms import VERIFY_PARAMETER, Rule
from ringfence.api.paging import Cursor
from ringfence.api.resource import ApiRequest, Resource
from ringfence.api.verify_v2.parents import service_of
from ringfence.api.verify_v2.services import PRODUCT, VERSION, service_url
from ringfence.domain.errors import ApiError
from ringfence.domain.verify_limits import EVERY_COUNTRY, decode_messaging_configuration, encode_settings
from ringfence.domain.verify_limits import MessagingConfiguration as Settings
from ringfence.ports.verify_config import VerifyRow
from ringfence.usecases.verify.configuration import MESSAGING_CONFIGURATION, change_configured, create_configured

messaging_configurations = Resource(
    "Services/{ServiceSid}/MessagingConfigurations",
    item="MessagingConfiguration",
    listed="messaging_configurations",
    key=lambda item: _sid(item.country),
    product=PRODUCT,
    version=VERSION,
)


def read_country(text: str) -> str:
    """ISO 3166-1 alpha-2, or "all"."""
    if text.lower() == EVERY_COUNTRY:
        return EVERY_COUNTRY
    if text.upper() not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError('expected a country of two letters, or "all"')
    return text.upper()


class ConfigurationForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    country: Annotated[str, Rule(read_country, VERIFY_PARAMETER)] | None = None
    messaging_service_sid: str | None = None


class ConfigurationUpdate(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    messaging_service_sid: str | None = None


class MessagingConfiguration(msgspec.Struct, kw_only=True):
    """A country's Messaging Service."""

    account_sid: str
    service_sid: str
    country: str
    messaging_service_sid: str
    date_created: str
    date_updated: str
    url: str


def _sid(country: str) -> str:
    """The row's own sid, which no answer holds; a page of the list ends with it."""
    return f"MC{hashlib.sha256(country.encode()).hexdigest()[:32]}"


def _shown(request: ApiRequest[Any], row: VerifyRow) -> MessagingConfiguration:
    return MessagingConfiguration(
        account_sid=row.account,
        service_sid=row.parent,
        country=row.name,
        messaging_service_sid=decode_messaging_configuration(row.settings).messaging_service_sid,
        date_created=iso8601(row.created_ms),
        date_updated=iso8601(row.updated_ms),
        url=f"{service_url(request, row.parent)}/MessagingConfigurations/{row.name}",
    )


async def _settings(request: ApiRequest[Any], messaging_service_sid: str | None) -> str:
    sid = messaging_service_sid or ""
    if await request.deps.store.service(request.account.sid, sid) is None:
        raise ApiError(VERIFY_PARAMETER, "Invalid parameter `MessagingServiceSid`: no such Messaging Service.")
    return encode_settings(Settings(messaging_service_sid=sid))


async def _named(request: ApiRequest[Any]) -> VerifyRow | None:
    try:
        country = read_country(request.path["Country"])
    except ValueError:
        return None
    store, service = request.deps.store, request.path["ServiceSid"]
    return await store.verify_named(request.account.sid, "messaging_configuration", country, parent=service)


@messaging_configurations.create(ConfigurationForm)
async def create(request: ApiRequest[ConfigurationForm]) -> MessagingConfiguration | None:
    form, deps = request.form, request.deps
    service = await service_of(request)
    if not form.country:
        raise ApiError(VERIFY_PARAMETER, "Invalid parameter `Country`: expected a country.")
    row = await create_configured(
        deps.store,
        deps.clock,
        MESSAGING_CONFIGURATION,
        account=request.account.sid,
        parent=service.sid,
        name=form.country,
        settings=await _settings(request, form.messaging_service_sid),
        sid=_sid(form.country),
    )
    return None if row is None else _shown(request, row)


@messaging_configurations.list()
async def list_configurations(request: ApiRequest[msgspec.Struct], cursor: Cursor) -> list[MessagingConfiguration]:
    service = await service_of(request)
    rows = await request.deps.store.verify_rows(
        request.account.sid, "messaging_configuration", parent=service.sid, before=cursor.before, limit=cursor.limit
    )
    return [_shown(request, row) for row in rows]


@messaging_configurations.fetch(named="Country")
async def fetch(request: ApiRequest[msgspec.Struct]) -> MessagingConfiguration | None:
    row = await _named(request)
    return None if row is None else _shown(request, row)


@messaging_configurations.update(ConfigurationUpdate, named="Country")
async def update(request: ApiRequest[ConfigurationUpdate]) -> MessagingConfiguration | None:
    row = await _named(request)
    if row is None:
        return None
    settings = await _settings(request, request.form.messaging_service_sid)
    deps = request.deps
    changed = await change_configured(
        deps.store, deps.clock, MESSAGING_CONFIGURATION, row, name=row.name, settings=settings
    )
    return None if changed is None else _shown(request, changed)


@messaging_configurations.delete(named="Country")
async def delete(request: ApiRequest[msgspec.Struct]) -> bool:
    row = await _named(request)
    if row is None:
        return False
    return await request.deps.store.delete_verify(row.account, row.kind, row.sid, parent=row.parent)

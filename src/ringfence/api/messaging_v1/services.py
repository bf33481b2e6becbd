"""Messaging Services. Source: Twilio, "Service resource" of Messaging v1."""

from typing import Annotated, Any, Literal

import msgspec

from ringfence.api.dates import iso8601
from ringfence.api.forms import Name, Rule, read_integer, read_method, read_url
from ringfence.api.paging import Cursor
from ringfence.api.resource import ApiRequest, Resource
from ringfence.domain.errors import ApiError
from ringfence.domain.standing import ServiceConfig
from ringfence.ports.messaging_services import ServiceRow
from ringfence.usecases.messaging.configure_service import configure_service, read_service_configs
from ringfence.usecases.messaging.create_service import create_service
from ringfence.usecases.messaging.send import VALIDITY_MAX_S

PRODUCT = "messaging"
VERSION = "v1"

services = Resource("Services", item="Service", listed="services", product=PRODUCT, version=VERSION)

# Every subresource that Twilio links to, finished here or not.
_LINKS = {
    "phone_numbers": "PhoneNumbers",
    "short_codes": "ShortCodes",
    "alpha_senders": "AlphaSenders",
    "messages": "Messages",
    "us_app_to_person": "Compliance/Usa2p",
    "us_app_to_person_usecases": "Compliance/Usa2p/Usecases",
    "channel_senders": "ChannelSenders",
    "destination_alpha_senders": "DestinationAlphaSenders",
}
_SETTINGS = ("friendly_name", "sticky_sender", "smart_encoding", "area_code_geomatch", "use_inbound_webhook_on_number")


def read_validity(text: str) -> int:
    """Seconds."""
    seconds = read_integer(text)
    if not 1 <= seconds <= VALIDITY_MAX_S:
        raise ValueError(f"expected 1 to {VALIDITY_MAX_S}")
    return seconds


Url = Annotated[str, Rule(read_url, clears=True)]
Method = Annotated[str, Rule(read_method)]
Validity = Annotated[int, Rule(read_validity)]
Usecase = Literal["notifications", "marketing", "verification", "discussion", "poll", "undeclared"]


class ServiceForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """What may be set on a service. "" clears a URL; what is absent stays."""

    friendly_name: Name | None = None
    inbound_request_url: Url | None = None
    inbound_method: Method | None = None
    fallback_url: Url | None = None
    fallback_method: Method | None = None
    status_callback: Url | None = None
    sticky_sender: bool | None = None
    mms_converter: bool | None = None
    smart_encoding: bool | None = None
    scan_message_content: Literal["inherit", "enable", "disable"] | None = None
    fallback_to_long_code: bool | None = None
    area_code_geomatch: bool | None = None
    validity_period: Validity | None = None
    synchronous_validation: bool | None = None
    usecase: Usecase | None = None
    use_inbound_webhook_on_number: bool | None = None

    def settings(self) -> dict[str, Any]:
        """Those given, by ServiceRow's names."""
        given = {name: getattr(self, name) for name in _SETTINGS} | {"validity_period_s": self.validity_period}
        return {name: value for name, value in given.items() if value is not None}

    def changes(self) -> dict[str, Any]:
        """Those given, by ServiceConfig's names."""
        given = {name: getattr(self, name) for name in ServiceConfig.__struct_fields__}
        return {name: value for name, value in given.items() if value is not None}


class Service(msgspec.Struct, kw_only=True):
    """A service."""

    sid: str
    account_sid: str
    friendly_name: str
    date_created: str
    date_updated: str
    inbound_request_url: str | None
    inbound_method: str
    fallback_url: str | None
    fallback_method: str
    status_callback: str | None
    sticky_sender: bool
    mms_converter: bool
    smart_encoding: bool
    scan_message_content: str
    fallback_to_long_code: bool
    area_code_geomatch: bool
    validity_period: int
    synchronous_validation: bool
    usecase: str
    us_app_to_person_registered: bool
    use_inbound_webhook_on_number: bool
    url: str
    links: dict[str, str]

    def __repr__(self) -> str:
        return f"Service({self.sid})"


def service_url(request: ApiRequest[Any], sid: str) -> str:
    """Where a service is."""
    return f"{request.root}/{VERSION}/Services/{sid}"


def _shown(request: ApiRequest[Any], row: ServiceRow, config: ServiceConfig) -> Service:
    url = service_url(request, row.sid)
    return Service(
        sid=row.sid,
        account_sid=row.account,
        friendly_name=row.friendly_name,
        date_created=iso8601(row.created_ms),
        date_updated=iso8601(row.updated_ms),
        inbound_request_url=config.inbound_request_url or None,
        inbound_method=config.inbound_method,
        fallback_url=config.fallback_url or None,
        fallback_method=config.fallback_method,
        status_callback=config.status_callback or None,
        sticky_sender=row.sticky_sender,
        mms_converter=config.mms_converter,
        smart_encoding=row.smart_encoding,
        scan_message_content=config.scan_message_content,
        fallback_to_long_code=config.fallback_to_long_code,
        area_code_geomatch=row.area_code_geomatch,
        validity_period=row.validity_period_s,
        synchronous_validation=config.synchronous_validation,
        usecase=config.usecase,
        us_app_to_person_registered=False,
        use_inbound_webhook_on_number=row.use_inbound_webhook_on_number,
        url=url,
        links={name: f"{url}/{path}" for name, path in _LINKS.items()},
    )


async def _opened(request: ApiRequest[Any], rows: list[ServiceRow]) -> list[Service]:
    configs = await read_service_configs(request.deps.keys, request.caller, rows)
    return [_shown(request, row, config) for row, config in zip(rows, configs, strict=True)]


@services.create(ServiceForm)
async def create(request: ApiRequest[ServiceForm]) -> Service:
    form, deps = request.form, request.deps
    settings = form.settings()
    if not (friendly_name := settings.pop("friendly_name", "")):
        raise ApiError(20001, "Missing required parameter FriendlyName in the post body")
    config = ServiceConfig(**form.changes())
    row = await create_service(
        deps.store,
        deps.keys,
        deps.clock,
        account=request.account.sid,
        friendly_name=friendly_name,
        settings=settings,
        config=config,
    )
    return _shown(request, row, config)


@services.list()
async def list_services(request: ApiRequest[msgspec.Struct], cursor: Cursor) -> list[Service]:
    store = request.deps.store
    return await _opened(request, await store.services(request.account.sid, before=cursor.before, limit=cursor.limit))


@services.fetch()
async def fetch(request: ApiRequest[msgspec.Struct]) -> Service | None:
    row = await request.deps.store.service(request.account.sid, request.sid)
    return None if row is None else (await _opened(request, [row]))[0]


@services.update(ServiceForm)
async def update(request: ApiRequest[ServiceForm]) -> Service | None:
    form, deps = request.form, request.deps
    row = await deps.store.service(request.account.sid, request.sid)
    if row is None:
        return None
    settings = {name: value for name, value in form.settings().items() if value != ""}
    changed = await configure_service(
        deps.store, deps.keys, deps.clock, row, caller=request.caller, settings=settings, changes=form.changes()
    )
    return None if changed is None else _shown(request, *changed)


@services.delete()
async def delete(request: ApiRequest[msgspec.Struct]) -> bool:
    return await request.deps.store.delete_service(request.account.sid, request.sid)

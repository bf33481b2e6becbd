"""Applications. Source: Twilio, "Application resource"."""

from typing import Annotated

import msgspec

from ringfence.api.dates import rfc2822
from ringfence.api.forms import Name, Rule, read_method, read_url
from ringfence.api.paging import Cursor
from ringfence.api.resource import API_VERSION, ApiRequest, Resource
from ringfence.domain.errors import ApiError
from ringfence.domain.standing import ApplicationConfig
from ringfence.ports.applications import ApplicationRow
from ringfence.usecases.accounts.configure_application import configure_application, read_applications
from ringfence.usecases.accounts.create_application import create_application

Url = Annotated[str, Rule(read_url, 21402, clears=True)]
Method = Annotated[str, Rule(read_method, 21403)]

applications = Resource("Accounts/{AccountSid}/Applications", item="Application", listed="applications")


class ApplicationForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """What may be set on an application. "" clears a URL; what is absent stays."""

    friendly_name: Name | None = None
    api_version: str | None = None
    voice_url: Url | None = None
    voice_method: Method | None = None
    voice_fallback_url: Url | None = None
    voice_fallback_method: Method | None = None
    voice_caller_id_lookup: bool | None = None
    status_callback: Url | None = None
    status_callback_method: Method | None = None
    sms_url: Url | None = None
    sms_method: Method | None = None
    sms_fallback_url: Url | None = None
    sms_fallback_method: Method | None = None
    sms_status_callback: Url | None = None
    message_status_callback: Url | None = None
    public_application_connect_enabled: bool | None = None

    def changes(self) -> dict[str, object]:
        """The settings that were given, by ApplicationConfig's names."""
        if self.api_version not in (None, "", API_VERSION):
            raise ApiError(20001, f"ApiVersion must be {API_VERSION}.")
        given = {name: getattr(self, name) for name in ApplicationConfig.__struct_fields__}
        return {name: value for name, value in given.items() if value is not None}


class ApplicationFilter(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    friendly_name: str | None = None


class Application(msgspec.Struct, kw_only=True):
    """An application."""

    sid: str
    account_sid: str
    friendly_name: str
    api_version: str
    date_created: str
    date_updated: str
    voice_url: str | None
    voice_method: str
    voice_fallback_url: str | None
    voice_fallback_method: str
    voice_caller_id_lookup: bool
    status_callback: str | None
    status_callback_method: str
    sms_url: str | None
    sms_method: str
    sms_fallback_url: str | None
    sms_fallback_method: str
    sms_status_callback: str | None
    message_status_callback: str | None
    public_application_connect_enabled: bool
    uri: str

    def __repr__(self) -> str:
        return f"Application({self.sid})"


def _shown(row: ApplicationRow, config: ApplicationConfig) -> Application:
    return Application(
        sid=row.sid,
        account_sid=row.account,
        friendly_name=row.friendly_name,
        api_version=API_VERSION,
        date_created=rfc2822(row.created_ms),
        date_updated=rfc2822(row.updated_ms),
        voice_url=config.voice_url or None,
        voice_method=config.voice_method,
        voice_fallback_url=config.voice_fallback_url or None,
        voice_fallback_method=config.voice_fallback_method,
        voice_caller_id_lookup=config.voice_caller_id_lookup,
        status_callback=config.status_callback or None,
        status_callback_method=config.status_callback_method,
        sms_url=config.sms_url or None,
        sms_method=config.sms_method,
        sms_fallback_url=config.sms_fallback_url or None,
        sms_fallback_method=config.sms_fallback_method,
        sms_status_callback=config.sms_status_callback or None,
        message_status_callback=config.message_status_callback or None,
        public_application_connect_enabled=config.public_application_connect_enabled,
        uri=f"/{API_VERSION}/Accounts/{row.account}/Applications/{row.sid}.json",
    )


@applications.create(ApplicationForm)
async def create(request: ApiRequest[ApplicationForm]) -> Application:
    form, deps = request.form, request.deps
    config = ApplicationConfig(**form.changes())  # type: ignore[arg-type]
    row = await create_application(
        deps.store,
        deps.keys,
        deps.clock,
        account=request.account.sid,
        friendly_name=form.friendly_name or "",
        config=config,
    )
    return _shown(row, config)


@applications.list(ApplicationFilter)
async def list_applications(request: ApiRequest[ApplicationFilter], cursor: Cursor) -> list[Application]:
    deps = request.deps
    rows = await deps.store.applications(
        request.account.sid,
        friendly_name=request.form.friendly_name or None,
        before=cursor.before,
        limit=cursor.limit,
    )
    configs = await read_applications(deps.keys, request.caller, rows)
    return [_shown(row, config) for row, config in zip(rows, configs, strict=True)]


@applications.fetch()
async def fetch(request: ApiRequest[msgspec.Struct]) -> Application | None:
    row = await request.deps.store.application(request.account.sid, request.sid)
    if row is None:
        return None
    (config,) = await read_applications(request.deps.keys, request.caller, [row])
    return _shown(row, config)


@applications.update(ApplicationForm)
async def update(request: ApiRequest[ApplicationForm]) -> Application | None:
    form, deps = request.form, request.deps
    row = await deps.store.application(request.account.sid, request.sid)
    if row is None:
        return None
    changed = await configure_application(
        deps.store,
        deps.keys,
        deps.clock,
        row,
        caller=request.caller,
        changes=form.changes(),
        friendly_name=form.friendly_name,
    )
    return None if changed is None else _shown(*changed)


@applications.delete()
async def delete(request: ApiRequest[msgspec.Struct]) -> bool:
    return await request.deps.store.delete_application(request.account.sid, request.sid)

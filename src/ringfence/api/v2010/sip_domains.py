"""SIP Domains. Source: Twilio, "SIP Domain resource" (2010-04-01)."""

from typing import Annotated, Any

import msgspec

from ringfence.api.dates import rfc2822
from ringfence.api.forms import Rule, read_method, read_url
from ringfence.api.paging import Cursor
from ringfence.api.resource import API_VERSION, ApiRequest, Resource
from ringfence.api.v2010.sip_names import SipName
from ringfence.domain.errors import ApiError
from ringfence.domain.standing import SipDomainConfig
from ringfence.ports.sip_access import SipRow
from ringfence.usecases.sip.configure_domain import configure_domain, read_domain_configs
from ringfence.usecases.sip.create_domain import create_domain

domains = Resource("Accounts/{AccountSid}/SIP/Domains", item="SipDomain", listed="domains")

Url = Annotated[str, Rule(read_url, 21231, clears=True)]
Method = Annotated[str, Rule(read_method, 21231)]


class DomainForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """What may be set on a domain. "" clears a URL; what is absent stays."""

    domain_name: str | None = None
    friendly_name: SipName | None = None
    voice_url: Url | None = None
    voice_method: Method | None = None
    voice_fallback_url: Url | None = None
    voice_fallback_method: Method | None = None
    voice_status_callback_url: Url | None = None
    voice_status_callback_method: Method | None = None
    sip_registration: bool | None = None
    emergency_calling_enabled: bool | None = None
    secure: bool | None = None
    byoc_trunk_sid: str | None = None
    emergency_caller_sid: str | None = None

    def settings(self) -> dict[str, Any]:
        """Those given, by SipRow's names."""
        given = {
            "friendly_name": self.friendly_name,
            "registration": self.sip_registration,
            "emergency": self.emergency_calling_enabled,
            "secure": self.secure,
        }
        return {name: value for name, value in given.items() if value is not None}

    def changes(self) -> dict[str, Any]:
        """Those given, by SipDomainConfig's names."""
        given = {name: getattr(self, name) for name in SipDomainConfig.__struct_fields__}
        return {name: value for name, value in given.items() if value is not None}


class Domain(msgspec.Struct, kw_only=True):
    """A domain. `auth_type` names what admits calls to it: IP_ACL, CREDENTIAL_LIST, both or none."""

    account_sid: str
    api_version: str
    auth_type: str
    date_created: str
    date_updated: str
    domain_name: str
    friendly_name: str
    sid: str
    uri: str
    voice_fallback_method: str
    voice_fallback_url: str | None
    voice_method: str
    voice_status_callback_method: str
    voice_status_callback_url: str | None
    voice_url: str | None
    subresource_uris: dict[str, str]
    sip_registration: bool
    emergency_calling_enabled: bool
    secure: bool
    byoc_trunk_sid: str | None
    emergency_caller_sid: str | None


async def _auth_types(request: ApiRequest[Any], rows: list[SipRow]) -> dict[str, str]:
    mapped = await request.deps.store.sip_below(request.account.sid, "calls", [row.sid for row in rows])
    found = {
        row.sid: {
            "IP_ACL" if one.sid.startswith("AL") else "CREDENTIAL_LIST" for one in mapped if one.parent == row.sid
        }
        for row in rows
    }
    return {sid: ",".join(sorted(kinds, reverse=True)) for sid, kinds in found.items()}


def _shown(request: ApiRequest[Any], row: SipRow, config: SipDomainConfig, auth_type: str) -> Domain:
    base = f"{request.base}/SIP/Domains/{row.sid}"
    return Domain(
        account_sid=row.account,
        api_version=API_VERSION,
        auth_type=auth_type,
        date_created=rfc2822(row.created_ms),
        date_updated=rfc2822(row.updated_ms),
        domain_name=row.shown,
        friendly_name=row.friendly_name,
        sid=row.sid,
        uri=f"{base}.json",
        voice_fallback_method=config.voice_fallback_method,
        voice_fallback_url=config.voice_fallback_url or None,
        voice_method=config.voice_method,
        voice_status_callback_method=config.voice_status_callback_method,
        voice_status_callback_url=config.voice_status_callback_url or None,
        voice_url=config.voice_url or None,
        subresource_uris={
            "credential_list_mappings": f"{base}/CredentialListMappings.json",
            "ip_access_control_list_mappings": f"{base}/IpAccessControlListMappings.json",
        },
        sip_registration=row.registration,
        emergency_calling_enabled=row.emergency,
        secure=row.secure,
        byoc_trunk_sid=config.byoc_trunk_sid or None,
        emergency_caller_sid=config.emergency_caller_sid or None,
    )


async def _opened(request: ApiRequest[Any], rows: list[SipRow]) -> list[Domain]:
    configs = await read_domain_configs(request.deps.keys, request.caller, rows)
    kinds = await _auth_types(request, rows)
    return [_shown(request, row, config, kinds[row.sid]) for row, config in zip(rows, configs, strict=True)]


@domains.create(DomainForm)
async def create(request: ApiRequest[DomainForm]) -> Domain:
    form, deps = request.form, request.deps
    if not form.domain_name:
        raise ApiError(20001, "Missing required parameter DomainName in the post body")
    config = SipDomainConfig(**form.changes())
    row = await create_domain(
        deps.store,
        deps.keys,
        deps.clock,
        account=request.account.sid,
        domain_name=form.domain_name,
        sip_domain=deps.sip_domain,
        settings={"friendly_name": form.domain_name.lower()} | form.settings(),
        config=config,
    )
    return _shown(request, row, config, "")


@domains.list()
async def list_domains(request: ApiRequest[msgspec.Struct], cursor: Cursor) -> list[Domain]:
    store = request.deps.store
    rows = await store.sip_rows(request.account.sid, "domain", before=cursor.before, limit=cursor.limit)
    return await _opened(request, rows)


@domains.fetch()
async def fetch(request: ApiRequest[msgspec.Struct]) -> Domain | None:
    row = await request.deps.store.sip_row(request.account.sid, "domain", request.sid)
    return None if row is None else (await _opened(request, [row]))[0]


@domains.update(DomainForm)
async def update(request: ApiRequest[DomainForm]) -> Domain | None:
    form, deps = request.form, request.deps
    row = await deps.store.sip_row(request.account.sid, "domain", request.sid)
    if row is None:
        return None
    changed = await configure_domain(
        deps.store,
        deps.keys,
        deps.clock,
        row,
        caller=request.caller,
        domain_name=form.domain_name or None,
        sip_domain=deps.sip_domain,
        settings=form.settings(),
        changes=form.changes(),
    )
    if changed is None:
        return None
    return _shown(request, *changed, (await _auth_types(request, [row]))[row.sid])


@domains.delete()
async def delete(request: ApiRequest[msgspec.Struct]) -> bool:
    return await request.deps.store.delete_sip(request.account.sid, "domain", request.sid)

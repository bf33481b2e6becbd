"""Which lists admit to a SIP Domain: for calls, by two roads that mean the same, and for registrations.

Source: Twilio, "SIP CredentialListMapping resource", "SIP IpAccessControlListMapping resource" and "SIP Domain
Registration CredentialListMapping resource" (2010-04-01).
"""

from typing import Any, Literal

import msgspec

from ringfence.api.dates import rfc2822
from ringfence.api.paging import Cursor
from ringfence.api.resource import ApiRequest, Resource
from ringfence.api.v2010.sip_names import needed
from ringfence.domain.errors import ApiError
from ringfence.ports.sip_access import MAX_LISTS, SipFullError, SipKind, SipRow
from ringfence.ports.store import SidTakenError

DOMAIN = "Accounts/{AccountSid}/SIP/Domains/{DomainSid}"


class CredentialListForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    credential_list_sid: str | None = None


class IpListForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    ip_access_control_list_sid: str | None = None


class AuthMapping(msgspec.Struct, kw_only=True):
    """A mapping below Auth; `sid` and `friendly_name` are the list's."""

    account_sid: str
    date_created: str
    date_updated: str
    friendly_name: str
    sid: str


class Mapping(AuthMapping, kw_only=True):
    """A mapping by the older road."""

    domain_sid: str
    uri: str


class _Kind(msgspec.Struct, frozen=True):
    """One kind of list, as mappings name it."""

    row: SipKind
    path: Literal["CredentialListMappings", "IpAccessControlListMappings"]
    item: str
    listed: str
    prefix: str
    parameter: str
    form: type[msgspec.Struct]


_CREDENTIALS = _Kind(
    "credential_list",
    "CredentialListMappings",
    "CredentialListMapping",
    "credential_list_mappings",
    "CL",
    "CredentialListSid",
    CredentialListForm,
)
_ADDRESSES = _Kind(
    "ip_list",
    "IpAccessControlListMappings",
    "IpAccessControlListMapping",
    "ip_access_control_list_mappings",
    "AL",
    "IpAccessControlListSid",
    IpListForm,
)


def _declared(kind: _Kind, *, below: str, maps: SipKind) -> Resource:
    """Create, list, fetch and delete; `below` is Auth/Calls, Auth/Registrations or "" for the older road."""
    path = f"{DOMAIN}/{below}/{kind.path}" if below else f"{DOMAIN}/{kind.path}"
    resource = Resource(path, item=kind.item, listed="contents" if below else kind.listed)

    async def shown(request: ApiRequest[Any], rows: list[SipRow]) -> list[AuthMapping]:
        store = request.deps.store
        shown = []
        for row in rows:
            mapped = await store.sip_row(row.account, kind.row, row.sid)
            fields = {
                "account_sid": row.account,
                "date_created": rfc2822(row.created_ms),
                "date_updated": rfc2822(row.updated_ms),
                "friendly_name": "" if mapped is None else mapped.friendly_name,
                "sid": row.sid,
            }
            uri = f"{request.base}/SIP/Domains/{row.parent}/{kind.path}/{row.sid}.json"
            shown.append(AuthMapping(**fields) if below else Mapping(**fields, domain_sid=row.parent, uri=uri))
        return shown

    @resource.create(kind.form)
    async def create(request: ApiRequest[Any]) -> AuthMapping:
        store, now_ms = request.deps.store, request.deps.clock.now_ms()
        account, domain = request.account.sid, request.path["DomainSid"]
        if await store.sip_row(account, "domain", domain) is None:
            raise ApiError(20404)
        sid = needed(msgspec.structs.astuple(request.form)[0], kind.parameter)
        row = SipRow(
            account=account,
            kind=maps,
            parent=domain,
            sid=sid,
            created_ms=now_ms,
            updated_ms=now_ms,
        )
        try:
            if not sid.startswith(kind.prefix) or not await store.create_sip(row, MAX_LISTS):
                raise ApiError(21231, f"{kind.parameter} is no list of this account.")
        except SidTakenError:
            raise ApiError(21231, "The list is associated with the Domain already.") from None
        except SipFullError:
            raise ApiError(21231, f"A Domain has at most {MAX_LISTS} lists.") from None
        return (await shown(request, [row]))[0]

    @resource.list()
    async def list_mappings(request: ApiRequest[msgspec.Struct], cursor: Cursor) -> list[AuthMapping]:
        store, account, domain = request.deps.store, request.account.sid, request.path["DomainSid"]
        if await store.sip_row(account, "domain", domain) is None:
            raise ApiError(20404)
        rows = await store.sip_rows(
            account, maps, parent=domain, prefix=kind.prefix, before=cursor.before, limit=cursor.limit
        )
        return await shown(request, rows)

    @resource.fetch()
    async def fetch(request: ApiRequest[msgspec.Struct]) -> AuthMapping | None:
        row = await mapping(request)
        return None if row is None else (await shown(request, [row]))[0]

    @resource.delete()
    async def delete(request: ApiRequest[msgspec.Struct]) -> bool:
        if await mapping(request) is None:
            return False
        return await request.deps.store.delete_sip(
            request.account.sid, maps, request.sid, parent=request.path["DomainSid"]
        )

    async def mapping(request: ApiRequest[Any]) -> SipRow | None:
        if not request.sid.startswith(kind.prefix):
            return None
        return await request.deps.store.sip_row(
            request.account.sid, maps, request.sid, parent=request.path["DomainSid"]
        )

    return resource


mappings = (
    _declared(_CREDENTIALS, below="", maps="calls"),
    _declared(_ADDRESSES, below="", maps="calls"),
    _declared(_CREDENTIALS, below="Auth/Calls", maps="calls"),
    _declared(_ADDRESSES, below="Auth/Calls", maps="calls"),
    _declared(_CREDENTIALS, below="Auth/Registrations", maps="registrations"),
)

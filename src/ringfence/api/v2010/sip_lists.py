"""SIP's two kinds of list, of credentials and of addresses: they differ only in what is in them."""

from typing import Any

import msgspec

from ringfence.api.dates import rfc2822
from ringfence.api.paging import Cursor
from ringfence.api.resource import ApiRequest, Resource
from ringfence.api.v2010.sip_names import SipName, needed
from ringfence.domain.errors import ApiError
from ringfence.domain.sid import new_sid
from ringfence.ports.sip_access import MAX_LISTS, SipFullError, SipKind, SipRow


class ListForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    friendly_name: SipName | None = None


class SipList(msgspec.Struct, kw_only=True):
    """A Credential List or an IP Access Control List."""

    sid: str
    account_sid: str
    friendly_name: str
    date_created: str
    date_updated: str
    subresource_uris: dict[str, str]
    uri: str


def declare_lists(resource: Resource, kind: SipKind, *, prefix: str, path: str, below: str) -> None:
    """The five operations on lists of one kind; `below` is what they hold, by its path."""
    named = {"Credentials": "credentials", "IpAddresses": "ip_addresses"}[below]

    def shown(request: ApiRequest[Any], row: SipRow) -> SipList:
        base = f"{request.base}/SIP/{path}/{row.sid}"
        return SipList(
            sid=row.sid,
            account_sid=row.account,
            friendly_name=row.friendly_name,
            date_created=rfc2822(row.created_ms),
            date_updated=rfc2822(row.updated_ms),
            subresource_uris={named: f"{base}/{below}.json"},
            uri=f"{base}.json",
        )

    @resource.create(ListForm)
    async def create(request: ApiRequest[ListForm]) -> SipList:
        name, now_ms = needed(request.form.friendly_name, "FriendlyName"), request.deps.clock.now_ms()
        row = SipRow(
            account=request.account.sid,
            kind=kind,
            sid=new_sid(prefix, now_ms),
            friendly_name=name,
            created_ms=now_ms,
            updated_ms=now_ms,
        )
        try:
            await request.deps.store.create_sip(row, MAX_LISTS)
        except SipFullError:
            raise ApiError(20001, f"An account has at most {MAX_LISTS} lists of a kind.") from None
        return shown(request, row)

    @resource.list()
    async def list_lists(request: ApiRequest[msgspec.Struct], cursor: Cursor) -> list[SipList]:
        store = request.deps.store
        rows = await store.sip_rows(request.account.sid, kind, before=cursor.before, limit=cursor.limit)
        return [shown(request, row) for row in rows]

    @resource.fetch()
    async def fetch(request: ApiRequest[msgspec.Struct]) -> SipList | None:
        row = await request.deps.store.sip_row(request.account.sid, kind, request.sid)
        return None if row is None else shown(request, row)

    @resource.update(ListForm)
    async def update(request: ApiRequest[ListForm]) -> SipList | None:
        deps = request.deps
        row = await deps.store.sip_row(request.account.sid, kind, request.sid)
        if row is None:
            return None
        name = needed(request.form.friendly_name, "FriendlyName")
        changed = msgspec.structs.replace(row, friendly_name=name, updated_ms=deps.clock.now_ms())
        return shown(request, changed) if await deps.store.update_sip(changed) else None

    @resource.delete()
    async def delete(request: ApiRequest[msgspec.Struct]) -> bool:
        return await request.deps.store.delete_sip(request.account.sid, kind, request.sid)

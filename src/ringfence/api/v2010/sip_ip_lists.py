"""SIP IP Access Control Lists, and the addresses in them.

Source: Twilio, "SIP IpAccessControlList resource" and "SIP IpAddress resource" (2010-04-01).
"""

import ipaddress
from typing import Annotated, Any

import msgspec

from ringfence.api.dates import rfc2822
from ringfence.api.forms import Rule
from ringfence.api.paging import Cursor
from ringfence.api.resource import ApiRequest, Resource
from ringfence.api.v2010.sip_lists import declare_lists
from ringfence.api.v2010.sip_names import SipName, needed
from ringfence.domain.errors import ApiError
from ringfence.domain.sid import new_sid
from ringfence.ports.sip_access import MAX_IN_LIST, SipFullError, SipRow

ip_lists = Resource(
    "Accounts/{AccountSid}/SIP/IpAccessControlLists", item="IpAccessControlList", listed="ip_access_control_lists"
)
ip_addresses = Resource(
    "Accounts/{AccountSid}/SIP/IpAccessControlLists/{IpAccessControlListSid}/IpAddresses",
    item="IpAddress",
    listed="ip_addresses",
)

declare_lists(ip_lists, "ip_list", prefix="AL", path="IpAccessControlLists", below="IpAddresses")


def read_address(text: str) -> str:
    """An IPv4 or IPv6 address."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise ValueError("expected an IP address") from None


class AddressForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """`cidr_prefix_length` widens an address to its network; without one it is that address alone."""

    friendly_name: SipName | None = None
    ip_address: Annotated[str, Rule(read_address)] | None = None
    cidr_prefix_length: int | None = None


class IpAddress(msgspec.Struct, kw_only=True):
    sid: str
    account_sid: str
    friendly_name: str
    ip_address: str
    cidr_prefix_length: int
    ip_access_control_list_sid: str
    date_created: str
    date_updated: str
    uri: str


def _network(address: str, prefix: int | None) -> str:
    """The network in CIDR form. ApiError 20001 for a length that the address cannot have, or that lets everybody in."""
    place = ipaddress.ip_address(address)
    length = place.max_prefixlen if prefix is None else prefix
    if not 1 <= length <= place.max_prefixlen:
        raise ApiError(20001, f"Invalid value for CidrPrefixLength: expected 1 to {place.max_prefixlen}.")
    return str(ipaddress.ip_network(f"{address}/{length}", strict=False))


def _shown(request: ApiRequest[Any], row: SipRow) -> IpAddress:
    return IpAddress(
        sid=row.sid,
        account_sid=row.account,
        friendly_name=row.friendly_name,
        ip_address=row.shown,
        cidr_prefix_length=int(row.name.partition("/")[2]),
        ip_access_control_list_sid=row.parent,
        date_created=rfc2822(row.created_ms),
        date_updated=rfc2822(row.updated_ms),
        uri=f"{request.base}/SIP/IpAccessControlLists/{row.parent}/IpAddresses/{row.sid}.json",
    )


def _list_sid(request: ApiRequest[Any]) -> str:
    return request.path["IpAccessControlListSid"]


async def _check_list(request: ApiRequest[Any]) -> None:
    if await request.deps.store.sip_row(request.account.sid, "ip_list", _list_sid(request)) is None:
        raise ApiError(20404)


async def _one(request: ApiRequest[Any]) -> SipRow | None:
    return await request.deps.store.sip_row(request.account.sid, "ip_address", request.sid, parent=_list_sid(request))


@ip_addresses.create(AddressForm)
async def create(request: ApiRequest[AddressForm]) -> IpAddress:
    form, now_ms = request.form, request.deps.clock.now_ms()
    await _check_list(request)
    name, address = needed(form.friendly_name, "FriendlyName"), needed(form.ip_address, "IpAddress")
    row = SipRow(
        account=request.account.sid,
        kind="ip_address",
        parent=_list_sid(request),
        sid=new_sid("IP", now_ms),
        name=_network(address, form.cidr_prefix_length),
        shown=address,
        friendly_name=name,
        created_ms=now_ms,
        updated_ms=now_ms,
    )
    try:
        if not await request.deps.store.create_sip(row, MAX_IN_LIST):
            raise ApiError(20404)
    except SipFullError:
        raise ApiError(20001, f"A list holds at most {MAX_IN_LIST} addresses.") from None
    return _shown(request, row)


@ip_addresses.list()
async def list_addresses(request: ApiRequest[msgspec.Struct], cursor: Cursor) -> list[IpAddress]:
    store, account, parent = request.deps.store, request.account.sid, _list_sid(request)
    await _check_list(request)
    rows = await store.sip_rows(account, "ip_address", parent=parent, before=cursor.before, limit=cursor.limit)
    return [_shown(request, row) for row in rows]


@ip_addresses.fetch()
async def fetch(request: ApiRequest[msgspec.Struct]) -> IpAddress | None:
    row = await _one(request)
    return None if row is None else _shown(request, row)


@ip_addresses.update(AddressForm)
async def update(request: ApiRequest[AddressForm]) -> IpAddress | None:
    form, deps = request.form, request.deps
    row = await _one(request)
    if row is None:
        return None
    address = form.ip_address or row.shown
    prefix = form.cidr_prefix_length
    if prefix is None and form.ip_address is None:
        prefix = int(row.name.partition("/")[2])
    changed = msgspec.structs.replace(
        row,
        name=_network(address, prefix),
        shown=address,
        friendly_name=form.friendly_name or row.friendly_name,
        updated_ms=deps.clock.now_ms(),
    )
    return _shown(request, changed) if await deps.store.update_sip(changed) else None


@ip_addresses.delete()
async def delete(request: ApiRequest[msgspec.Struct]) -> bool:
    return await request.deps.store.delete_sip(
        request.account.sid, "ip_address", request.sid, parent=_list_sid(request)
    )

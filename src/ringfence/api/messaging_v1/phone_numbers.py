"""The numbers of a Messaging Service. Source: Twilio, "PhoneNumber subresource" of Messaging v1."""

from typing import Any

import msgspec

from ringfence.api.dates import iso8601
from ringfence.api.messaging_v1.services import PRODUCT, VERSION, service_url
from ringfence.api.paging import Cursor
from ringfence.api.resource import ApiRequest, Resource
from ringfence.domain.errors import ApiError
from ringfence.ports.messaging_services import PoolRow
from ringfence.usecases.messaging.pool_number import pool_number

phone_numbers = Resource(
    "Services/{ServiceSid}/PhoneNumbers", item="PhoneNumber", listed="phone_numbers", product=PRODUCT, version=VERSION
)

_CAPABILITIES = {"mms": "MMS", "sms": "SMS", "voice": "Voice"}


class PoolForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    phone_number_sid: str | None = None


class PhoneNumber(msgspec.Struct, kw_only=True):
    """A number in the pool; its dates are those of its coming."""

    sid: str
    account_sid: str
    service_sid: str
    date_created: str
    date_updated: str
    phone_number: str
    country_code: str
    capabilities: list[str]
    url: str


def _shown(request: ApiRequest[Any], row: PoolRow) -> PhoneNumber:
    return PhoneNumber(
        sid=row.sid,
        account_sid=row.account,
        service_sid=row.service_sid,
        date_created=iso8601(row.created_ms),
        date_updated=iso8601(row.created_ms),
        phone_number=row.number,
        country_code=row.region,
        capabilities=[shown for name, shown in _CAPABILITIES.items() if name in row.capabilities],
        url=f"{service_url(request, row.service_sid)}/PhoneNumbers/{row.sid}",
    )


@phone_numbers.create(PoolForm)
async def create(request: ApiRequest[PoolForm]) -> PhoneNumber | None:
    if not request.form.phone_number_sid:
        raise ApiError(20001, "Missing required parameter PhoneNumberSid in the post body")
    row = await pool_number(
        request.deps.store,
        request.deps.clock,
        account=request.account.sid,
        service=request.path["ServiceSid"],
        number_sid=request.form.phone_number_sid,
    )
    return None if row is None else _shown(request, row)


@phone_numbers.list()
async def list_numbers(request: ApiRequest[msgspec.Struct], cursor: Cursor) -> list[PhoneNumber]:
    store, account, service = request.deps.store, request.account.sid, request.path["ServiceSid"]
    if await store.service(account, service) is None:
        raise ApiError(20404)
    rows = await store.pool(account, service, before=cursor.before, limit=cursor.limit)
    return [_shown(request, row) for row in rows]


@phone_numbers.fetch()
async def fetch(request: ApiRequest[msgspec.Struct]) -> PhoneNumber | None:
    row = await request.deps.store.pooled(request.account.sid, request.path["ServiceSid"], request.sid)
    return None if row is None else _shown(request, row)


@phone_numbers.delete()
async def delete(request: ApiRequest[msgspec.Struct]) -> bool:
    return await request.deps.store.remove_from_pool(request.account.sid, request.path["ServiceSid"], request.sid)

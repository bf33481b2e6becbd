"""A service's rate limits. Source: Twilio, "Service Rate Limits" of Verify v2."""

import re
from typing import Annotated, Any

import msgspec

from ringfence.api.dates import iso8601
from ringfence.api.forms import VERIFY_PARAMETER, Rule
from ringfence.api.paging import Cursor
from ringfence.api.resource import ApiRequest, Resource
from ringfence.api.verify_v2.parents import rate_limit_of, service_of
from ringfence.api.verify_v2.services import PRODUCT, VERSION, service_url
from ringfence.domain.errors import ApiError
from ringfence.domain.verify_limits import RateLimit as Settings
from ringfence.domain.verify_limits import decode_rate_limit, encode_settings
from ringfence.ports.verify_config import VerifyRow
from ringfence.usecases.verify.configuration import RATE_LIMIT, change_configured, create_configured

BAD_NAME = 60209
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")

rate_limits = Resource(
    "Services/{ServiceSid}/RateLimits", item="RateLimit", listed="rate_limits", product=PRODUCT, version=VERSION
)


def read_unique_name(text: str) -> str:
    """A name for a path and a JSON key; never in the form of a sid."""
    if _NAME.fullmatch(text) is None or re.fullmatch(r"[A-Z]{2}[0-9a-f]{32}", text):
        raise ValueError("expected at most 64 letters, digits, dots, dashes and underscores")
    return text


def read_description(text: str) -> str:
    """Words for people."""
    if len(text) > 256:
        raise ValueError("expected at most 256 characters")
    return text


Description = Annotated[str, Rule(read_description, VERIFY_PARAMETER, clears=True)]


class RateLimitForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    unique_name: Annotated[str, Rule(read_unique_name, BAD_NAME)] | None = None
    description: Description | None = None


class RateLimitUpdate(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    description: Description | None = None


class RateLimit(msgspec.Struct, kw_only=True):
    """A rate limit; without buckets it limits nothing."""

    sid: str
    service_sid: str
    account_sid: str
    unique_name: str
    description: str
    date_created: str
    date_updated: str
    url: str
    links: dict[str, str]


def _shown(request: ApiRequest[Any], row: VerifyRow) -> RateLimit:
    url = f"{service_url(request, row.parent)}/RateLimits/{row.sid}"
    return RateLimit(
        sid=row.sid,
        service_sid=row.parent,
        account_sid=row.account,
        unique_name=row.name,
        description=decode_rate_limit(row.settings).description,
        date_created=iso8601(row.created_ms),
        date_updated=iso8601(row.updated_ms),
        url=url,
        links={"buckets": f"{url}/Buckets"},
    )


@rate_limits.create(RateLimitForm)
async def create(request: ApiRequest[RateLimitForm]) -> RateLimit | None:
    form, deps = request.form, request.deps
    service = await service_of(request)
    if not form.unique_name:
        raise ApiError(BAD_NAME)
    row = await create_configured(
        deps.store,
        deps.clock,
        RATE_LIMIT,
        account=request.account.sid,
        parent=service.sid,
        name=form.unique_name,
        settings=encode_settings(Settings(description=form.description or "")),
    )
    return None if row is None else _shown(request, row)


@rate_limits.list()
async def list_rate_limits(request: ApiRequest[msgspec.Struct], cursor: Cursor) -> list[RateLimit]:
    service = await service_of(request)
    rows = await request.deps.store.verify_rows(
        request.account.sid, "rate_limit", parent=service.sid, before=cursor.before, limit=cursor.limit
    )
    return [_shown(request, row) for row in rows]


@rate_limits.fetch()
async def fetch(request: ApiRequest[msgspec.Struct]) -> RateLimit | None:
    row = await rate_limit_of(request, "Sid")
    return None if row is None else _shown(request, row)


@rate_limits.update(RateLimitUpdate)
async def update(request: ApiRequest[RateLimitUpdate]) -> RateLimit | None:
    row = await rate_limit_of(request, "Sid")
    if row is None:
        return None
    if request.form.description is None:
        return _shown(request, row)
    settings = encode_settings(Settings(description=request.form.description))
    deps = request.deps
    changed = await change_configured(deps.store, deps.clock, RATE_LIMIT, row, name=row.name, settings=settings)
    return None if changed is None else _shown(request, changed)


@rate_limits.delete()
async def delete(request: ApiRequest[msgspec.Struct]) -> bool:
    row = await rate_limit_of(request, "Sid")
    if row is None:
        return False
    return await request.deps.store.delete_verify(row.account, "rate_limit", row.sid, parent=row.parent)

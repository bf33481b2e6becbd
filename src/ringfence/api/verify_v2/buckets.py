"""The buckets of a rate limit. Source: Twilio, "Rate Limit Buckets" of Verify v2."""

from typing import Annotated, Any

import msgspec

from ringfence.api.dates import iso8601
from ringfence.api.forms import VERIFY_PARAMETER, Rule, read_integer
from ringfence.api.paging import Cursor
from ringfence.api.resource import ApiRequest, Resource
from ringfence.api.verify_v2.parents import rate_limit_of
from ringfence.api.verify_v2.services import PRODUCT, VERSION, service_url
from ringfence.domain.errors import ApiError
from ringfence.domain.verify_limits import Bucket as Settings
from ringfence.domain.verify_limits import decode_bucket, encode_settings
from ringfence.ports.verify_config import VerifyRow
from ringfence.usecases.verify.configuration import BUCKET, change_configured, create_configured

buckets = Resource(
    "Services/{ServiceSid}/RateLimits/{RateLimitSid}/Buckets",
    item="Bucket",
    listed="buckets",
    product=PRODUCT,
    version=VERSION,
)


def read_count(text: str) -> int:
    """A number of requests, or of seconds: at least one, at most a year's seconds."""
    number = read_integer(text)
    if not 1 <= number <= 31_536_000:
        raise ValueError("expected 1 to 31536000")
    return number


Count = Annotated[int, Rule(read_count, VERIFY_PARAMETER)]


class BucketForm(msgspec.Struct, frozen=True, kw_only=True):
    most: Count | None = msgspec.field(name="Max", default=None)
    interval_s: Count | None = msgspec.field(name="Interval", default=None)


class Bucket(msgspec.Struct, kw_only=True):
    """So many requests in so many seconds."""

    sid: str
    rate_limit_sid: str
    service_sid: str
    account_sid: str
    max: int
    interval: int
    date_created: str
    date_updated: str
    url: str


async def _rate_limit(request: ApiRequest[Any]) -> VerifyRow:
    row = await rate_limit_of(request, "RateLimitSid")
    if row is None:
        raise ApiError(20404)
    return row


def _shown(request: ApiRequest[Any], rate_limit: VerifyRow, row: VerifyRow) -> Bucket:
    settings = decode_bucket(row.settings)
    return Bucket(
        sid=row.sid,
        rate_limit_sid=row.parent,
        service_sid=rate_limit.parent,
        account_sid=row.account,
        max=settings.most,
        interval=settings.interval_s,
        date_created=iso8601(row.created_ms),
        date_updated=iso8601(row.updated_ms),
        url=f"{service_url(request, rate_limit.parent)}/RateLimits/{row.parent}/Buckets/{row.sid}",
    )


@buckets.create(BucketForm)
async def create(request: ApiRequest[BucketForm]) -> Bucket | None:
    form, deps = request.form, request.deps
    rate_limit = await _rate_limit(request)
    if form.most is None or form.interval_s is None:
        missing = "Max" if form.most is None else "Interval"
        raise ApiError(VERIFY_PARAMETER, f"Invalid parameter `{missing}`: expected a number")
    row = await create_configured(
        deps.store,
        deps.clock,
        BUCKET,
        account=request.account.sid,
        parent=rate_limit.sid,
        name=str(form.interval_s),
        settings=encode_settings(Settings(most=form.most, interval_s=form.interval_s)),
    )
    return None if row is None else _shown(request, rate_limit, row)


@buckets.list()
async def list_buckets(request: ApiRequest[msgspec.Struct], cursor: Cursor) -> list[Bucket]:
    rate_limit = await _rate_limit(request)
    rows = await request.deps.store.verify_rows(
        request.account.sid, "bucket", parent=rate_limit.sid, before=cursor.before, limit=cursor.limit
    )
    return [_shown(request, rate_limit, row) for row in rows]


@buckets.fetch()
async def fetch(request: ApiRequest[msgspec.Struct]) -> Bucket | None:
    rate_limit = await _rate_limit(request)
    row = await request.deps.store.verify_row(request.account.sid, "bucket", request.sid, parent=rate_limit.sid)
    return None if row is None else _shown(request, rate_limit, row)


@buckets.update(BucketForm)
async def update(request: ApiRequest[BucketForm]) -> Bucket | None:
    form, deps = request.form, request.deps
    rate_limit = await _rate_limit(request)
    row = await deps.store.verify_row(request.account.sid, "bucket", request.sid, parent=rate_limit.sid)
    if row is None:
        return None
    known = decode_bucket(row.settings)
    settings = Settings(most=form.most or known.most, interval_s=form.interval_s or known.interval_s)
    changed = await change_configured(
        deps.store, deps.clock, BUCKET, row, name=str(settings.interval_s), settings=encode_settings(settings)
    )
    return None if changed is None else _shown(request, rate_limit, changed)


@buckets.delete()
async def delete(request: ApiRequest[msgspec.Struct]) -> bool:
    rate_limit = await _rate_limit(request)
    return await request.deps.store.delete_verify(request.account.sid, "bucket", request.sid, parent=rate_limit.sid)

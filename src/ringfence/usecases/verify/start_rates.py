"""Let no more codes be started than a service's rate limits say, by the values that the program passes.

Source: Twilio, Verify v2, "Service Rate Limits"; error 20429.
"""

from collections.abc import Mapping

from ringfence.domain.errors import ApiError, TryLaterError
from ringfence.domain.verify_limits import decode_bucket
from ringfence.domain.verify_rate import RateCount
from ringfence.ports.keys import TenantKeys
from ringfence.ports.store import Store
from ringfence.ports.verify_config import VerifyRow
from ringfence.usecases.verify.configuration import BUCKET

TABLE = "rate_bucket"
INVALID = 60200
TOO_MANY = 20429


async def count_start(
    store: Store, keys: TenantKeys, service: VerifyRow, values: Mapping[str, str], at_ms: int
) -> None:
    """Count a start, in every bucket of the rate limits that `values` names.

    ApiError 60200 for a rate limit that the service does not have, 20429 where a bucket is full: nothing is counted
    then.
    """
    if not values:
        return
    limits = [await _limit_of(store, service, name) for name in values]
    # A value is kept as an index alone, apart for each rate limit.
    named = [f"verify|{limit.sid}|{value}" for limit, value in zip(limits, values.values(), strict=True)]
    indexes = await keys.blind(service.account, TABLE, named)
    counts: list[RateCount] = []
    for limit, index in zip(limits, indexes, strict=True):
        for row in await store.verify_rows(service.account, "bucket", parent=limit.sid, limit=BUCKET.limit):
            bucket = decode_bucket(row.settings)
            counts.append(
                RateCount(bucket=row.sid, value_index=index, most=bucket.most, interval_ms=bucket.interval_s * 1_000)
            )
    exceeded = await store.count_start(service.account, counts, at_ms)
    if exceeded is not None:
        wait_s = max(1, -(-(exceeded.until_ms - at_ms) // 1_000))
        raise TryLaterError(TOO_MANY, f"Too many requests: bucket {exceeded.bucket} is full", retry_after_s=wait_s)


async def _limit_of(store: Store, service: VerifyRow, name: str) -> VerifyRow:
    row = await store.verify_named(service.account, "rate_limit", name, parent=service.sid)
    if row is None:
        raise ApiError(INVALID, f"Invalid parameter `RateLimits`: the service has no rate limit {name[:64]}")
    return row

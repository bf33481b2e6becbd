"""Requests a second that an account may make, where the operator has set that."""

import math
from collections import OrderedDict

from ringfence.api.admission import TooManyRequestsError
from ringfence.domain.clock import Clock
from ringfence.domain.token_bucket import TokenBucket

_TENANTS_MAX = 10_000


class AccountRate:
    """A token bucket a tenant, of one second's requests. With a rate of 0 everything passes."""

    def __init__(self, clock: Clock, rate_rps: float) -> None:
        self._clock = clock
        self._rate_rps = rate_rps
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    def spend(self, tenant: str) -> None:
        """Count one request; TooManyRequestsError with the seconds to wait where there were too many."""
        if not self._rate_rps:
            return
        now_ms = self._clock.monotonic_ms()
        bucket = self._buckets.get(tenant)
        if bucket is None:
            bucket = TokenBucket(self._rate_rps, burst=max(1.0, self._rate_rps), now_ms=now_ms)
            self._buckets[tenant] = bucket
            if len(self._buckets) > _TENANTS_MAX:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(tenant)
        if not bucket.take(1, now_ms):
            retry_after_s = max(1, math.ceil(bucket.wait_ms(now_ms) / 1_000))
            raise TooManyRequestsError(tenant, retry_after_s=retry_after_s, cause="account_rate")

"""How many lookups of a field an account allows itself.

Source: Twilio, "Lookups RateLimits": a limit for a field and a bucket. What buckets there are Twilio does not say; here
`phone_number` counts each number apart, and every other name counts all lookups of the account.
"""

from ringfence.domain.clock import Clock
from ringfence.ports.keys import TenantKeys
from ringfence.ports.lookups import LookupStore, RateRule

BY_NUMBER = "phone_number"
TABLE = "rate_bucket"
DEFAULT_TTL_S = 60


async def put_rule(
    store: LookupStore, clock: Clock, account: str, field: str, bucket: str, *, limit: int | None, ttl_s: int | None
) -> RateRule | None:
    """Make a rule, or change what is given of one; None where there is neither a limit nor a rule."""
    known = await rule_of(store, account, field, bucket)
    if known is None and limit is None:
        return None
    now_ms = clock.now_ms()
    rule = RateRule(
        account=account,
        field=field,
        bucket=bucket,
        limit=limit if limit is not None else known.limit if known is not None else 0,
        ttl_s=ttl_s if ttl_s is not None else known.ttl_s if known is not None else DEFAULT_TTL_S,
        created_ms=now_ms if known is None else known.created_ms,
        updated_ms=now_ms,
    )
    await store.put_rate_rule(rule)
    return rule


async def rule_of(store: LookupStore, account: str, field: str, bucket: str) -> RateRule | None:
    """One rule."""
    rules = await store.rate_rules(account)
    return next((rule for rule in rules if (rule.field, rule.bucket) == (field, bucket)), None)


async def number_tag(keys: TenantKeys, account: str, number: str) -> bytes:
    """What a number is counted under."""
    (tag,) = await keys.blind(account, TABLE, [f"lookup|{number}"])
    return tag

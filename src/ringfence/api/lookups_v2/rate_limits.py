"""How many lookups of a field an account allows itself. Source: Twilio, "Lookups v2", RateLimits."""

import re
from typing import Annotated

import msgspec
from msgspec import Meta

from ringfence.api.lookups_v2.phone_numbers import PRODUCT, VERSION
from ringfence.api.resource import ApiRequest, Resource
from ringfence.domain.errors import ApiError
from ringfence.domain.lookups.packages import FIELDS
from ringfence.ports.lookups import RateRule
from ringfence.usecases.lookups.rate_rules import put_rule, rule_of

MAX_LIMIT = 1_000_000_000
MAX_TTL_S = 366 * 86_400
MAX_RULES = 200
_BUCKET = re.compile(r"[A-Za-z0-9_.\-]{1,64}", re.ASCII)
_NAMED = "Fields/{Field}/Bucket/{Bucket}"

rate_limits = Resource("RateLimits", item="RateLimit", listed="rate_limits", product=PRODUCT, version=VERSION)


class RateLimitFilter(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    fields: tuple[str, ...] = ()


class RateLimitForm(msgspec.Struct, frozen=True, kw_only=True):
    limit: Annotated[int, Meta(ge=0, le=MAX_LIMIT)] | None = None
    ttl: Annotated[int, Meta(ge=1, le=MAX_TTL_S)] | None = None


class RateLimit(msgspec.Struct, kw_only=True):
    """At most `limit` lookups of the field in `ttl` seconds."""

    field: str
    limit: int
    bucket: str
    owner: str
    ttl: int


class RateLimits(msgspec.Struct, kw_only=True):
    """All of an account."""

    rate_limits: list[RateLimit]


def _shown(rule: RateRule) -> RateLimit:
    return RateLimit(field=rule.field, limit=rule.limit, bucket=rule.bucket, owner=rule.account, ttl=rule.ttl_s)


@rate_limits.only(RateLimitFilter)
async def list_limits(request: ApiRequest[RateLimitFilter]) -> RateLimits:
    """Of all fields, or of those that are named."""
    wanted = {name for text in request.form.fields for name in text.split(",")}
    rules = await request.deps.store.rate_rules(request.account.sid)
    return RateLimits(rate_limits=[_shown(rule) for rule in rules if not wanted or rule.field in wanted])


@rate_limits.at("GET", _NAMED)
async def fetch(request: ApiRequest[msgspec.Struct]) -> RateLimit | None:
    rule = await rule_of(request.deps.store, request.account.sid, request.path["Field"], request.path["Bucket"])
    return None if rule is None else _shown(rule)


@rate_limits.at("PUT", _NAMED, body=RateLimitForm)
async def update(request: ApiRequest[RateLimitForm]) -> RateLimit:
    """Make or change one."""
    deps, account, form = request.deps, request.account.sid, request.form
    field, bucket = request.path["Field"], request.path["Bucket"]
    if field not in FIELDS:
        raise ApiError(20001, f"Invalid value for Field: expected one of {', '.join(FIELDS)}.")
    if _BUCKET.fullmatch(bucket) is None:
        raise ApiError(20001, "Invalid value for Bucket: expected up to 64 letters, digits and _ . -")
    rules = await deps.store.rate_rules(account)
    if len(rules) >= MAX_RULES and (field, bucket) not in {(rule.field, rule.bucket) for rule in rules}:
        raise ApiError(20001, f"An account has at most {MAX_RULES} rate limits.")
    rule = await put_rule(deps.store, deps.clock, account, field, bucket, limit=form.limit, ttl_s=form.ttl)
    if rule is None:
        raise ApiError(20001, "limit is missing.")
    return _shown(rule)


@rate_limits.at("DELETE", _NAMED, status=204)
async def delete(request: ApiRequest[msgspec.Struct]) -> bool:
    path = request.path
    return await request.deps.store.delete_rate_rule(request.account.sid, path["Field"], path["Bucket"])

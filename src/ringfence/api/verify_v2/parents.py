"""The things in a path that an operation of Verify is about: without them it answers 404."""

from typing import Any

from ringfence.api.resource import ApiRequest
from ringfence.domain.errors import ApiError
from ringfence.domain.sid import is_sid
from ringfence.ports.verify_config import VerifyRow


async def service_of(request: ApiRequest[Any]) -> VerifyRow:
    """The service in the path. ApiError 20404 where the account has none such."""
    row = await request.deps.store.verify_row(request.account.sid, "service", request.path["ServiceSid"])
    if row is None:
        raise ApiError(20404)
    return row


async def rate_limit_of(request: ApiRequest[Any], named: str) -> VerifyRow | None:
    """The rate limit that a variable of the path names, by its sid or its unique name."""
    store, account, service = request.deps.store, request.account.sid, request.path["ServiceSid"]
    asked = request.path[named]
    if is_sid(asked, "RK"):
        return await store.verify_row(account, "rate_limit", asked, parent=service)
    return await store.verify_named(account, "rate_limit", asked, parent=service)

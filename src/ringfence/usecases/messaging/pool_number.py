"""Put a number into a Messaging Service's pool. Source: Twilio, errors 21421, 21710, 21712 and 21714."""

from ringfence.domain.clock import Clock
from ringfence.domain.errors import ApiError
from ringfence.domain.sid import is_sid
from ringfence.ports.messaging_services import PooledError, PoolFullError, PoolRow, ServiceStore

POOL_LIMIT = 400


async def pool_number(
    store: ServiceStore, clock: Clock, *, account: str, service: str, number_sid: str
) -> PoolRow | None:
    """The number in the pool; None where the account has no such service.

    ApiError 21421 for what is no number of the account's, 21710 for one of this pool, 21712 for one of another pool,
    21714 where the pool is full.
    """
    if await store.service(account, service) is None:
        return None
    try:
        known = is_sid(number_sid, "PN") and await store.add_to_pool(
            account, service, number_sid, clock.now_ms(), POOL_LIMIT
        )
    except PooledError as pooled:
        raise ApiError(21710 if pooled.service_sid == service else 21712) from None
    except PoolFullError:
        raise ApiError(21714) from None
    if not known:
        raise ApiError(21421)
    return await store.pooled(account, service, number_sid)

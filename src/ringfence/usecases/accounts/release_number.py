"""Give a number up."""

from ringfence.domain.clock import Clock
from ringfence.ports.store import NumberStore

REST_MS = 90 * 86_400_000
"""How long nobody else gets it: so long may codes and answers go there that are meant for who had it."""


async def release_number(store: NumberStore, clock: Clock, *, account: str, sid: str, rest_ms: int = REST_MS) -> bool:
    """False when the account owns no such number. It does not return to the inventory by itself.

    The account itself may take it back at any time.
    """
    return await store.release_number(account, sid, rests_until_ms=clock.now_ms() + rest_ms if rest_ms else 0)

"""How often staff may ask: so seldom that nobody approves to be left in peace.

At most three requests of one staff member wait for an answer, and at most three at one tenant. Each that was refused or
not answered makes its asker wait, wherever they want to ask next: five minutes, twice as long each time, four hours at
most. So does one that ended before it was approved, whoever ended it: else an asker withdraws and asks again.
"""

from collections.abc import Iterable

from ringfence.domain.access.grant import Grant, GrantState, settled
from ringfence.domain.access.refusal import AccessRefusedError, Refusal

PENDING_MAX = 3
COOL_DOWN_MS = 5 * 60_000
COOL_DOWN_MAX_MS = 240 * 60_000
REMEMBERED_MS = 24 * 60 * 60_000
"""For so long a refused request counts."""


def check_limits(of_staff: Iterable[Grant], of_tenant: Iterable[Grant], now_ms: int) -> None:
    """AccessRefusedError where one more request is one too many.

    Given are the grants of the last day and those still pending: of the staff member, and of the tenant that is asked.
    """
    own = [settled(grant, now_ms) for grant in of_staff]
    tenants = [settled(grant, now_ms) for grant in of_tenant]
    if _pending(own) >= PENDING_MAX or _pending(tenants) >= PENDING_MAX:
        raise AccessRefusedError(Refusal.PENDING)
    if now_ms < may_ask_from_ms(own, now_ms):
        raise AccessRefusedError(Refusal.COOL_DOWN)


def may_ask_from_ms(of_staff: Iterable[Grant], now_ms: int) -> int:
    """When the staff member may ask again as far as the wait decides; 0 where nothing was turned down of late."""
    ended = [
        grant.ended_ms
        for grant in (settled(one, now_ms) for one in of_staff)
        if _is_turned_down(grant) and grant.ended_ms > now_ms - REMEMBERED_MS
    ]
    if not ended:
        return 0
    return max(ended) + min(COOL_DOWN_MS << (len(ended) - 1), COOL_DOWN_MAX_MS)


def _is_turned_down(grant: Grant) -> bool:
    match grant.state:
        case GrantState.REFUSED | GrantState.TIMED_OUT:
            return True
        case GrantState.REVOKED:
            return not grant.approved_ms
        case _:
            return False


def _pending(grants: Iterable[Grant]) -> int:
    return sum(grant.state is GrantState.PENDING for grant in grants)

"""Whether a factor may join those that an entity has: where its service wants that, one of these must have said so.

Else whoever has an entity's number for an hour, or its program's session, adds a factor of his own and stays. Ours, not
Twilio's: the service's `NewFactorsNeedApproval`.
"""

import json

from ringfence.domain.challenge import ChallengeStatus
from ringfence.domain.clock import Clock
from ringfence.domain.errors import ApiError, describe
from ringfence.domain.factor import FactorStatus
from ringfence.domain.verify_service import decode_verify_service
from ringfence.ports.factors import ChallengeRow, FactorRow
from ringfence.ports.keys import Caller, TenantKeys
from ringfence.ports.store import Store
from ringfence.usecases.verify.challenges import Challenges

FAILED = 60311
WITHIN_MS = 10 * 60_000
LOOKED_AT = 50
APPROVES = "approves_factor"


class Vouching:
    """Looks at an entity's other factors, and at what they approved lately."""

    def __init__(self, store: Store, keys: TenantKeys, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._challenges = Challenges(store, keys, clock)

    async def require(self, caller: Caller | None, factor: FactorRow) -> None:
        """ApiError 60311 where the factor may not be verified yet. The first of an entity always may.

        Where no tenant is present, nobody reads what was approved, and nothing vouches.
        """
        service = await self._store.verify_row(factor.account, "service", factor.service)
        if service is None or not decode_verify_service(service.settings).new_factors_need_approval:
            return
        others = {
            row.sid
            for row in await self._store.factors(factor.account, factor.entity)
            if row.sid != factor.sid and row.status is FactorStatus.VERIFIED
        }
        if others and not await self._is_vouched_for(caller, factor, others):
            raise ApiError(
                FAILED,
                f"{describe(FAILED)}: a verified factor of this entity must approve it first, by a challenge that "
                f"names it as {APPROVES}.",
            )

    async def _is_vouched_for(self, caller: Caller | None, factor: FactorRow, others: set[str]) -> bool:
        if caller is None:
            return False
        now_ms = self._clock.now_ms()
        approved = await self._store.challenges(
            factor.account, factor.entity, status=ChallengeStatus.APPROVED, now_ms=now_ms, limit=LOOKED_AT
        )
        since_ms = max(factor.created_ms, now_ms - WITHIN_MS)
        fresh = [row for row in approved if row.factor in others and _answered_since(row, since_ms)]
        return any(
            view.secret is not None and _names(view.secret.hidden_details, factor.sid)
            for view in await self._challenges.views(caller, fresh)
        )


def _answered_since(row: ChallengeRow, since_ms: int) -> bool:
    return row.created_ms >= since_ms and row.responded_ms is not None


def naming(factor: str) -> str:
    """Hidden details of a challenge by which `factor` is approved."""
    return json.dumps({APPROVES: factor})


def _names(hidden_details: str, factor: str) -> bool:
    details = json.loads(hidden_details)
    return isinstance(details, dict) and details.get(APPROVES) == factor

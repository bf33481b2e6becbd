"""Which number of its pool a Messaging Service texts from.

The one that texted the recipient before (sticky sender), else one of the recipient's country, and there one of its
area code (geomatch; US and Canada), as far as the pool has them. Source: Twilio, "Messaging Services".
"""

import hashlib
import secrets
from collections.abc import Callable

from ringfence.domain.clock import Clock
from ringfence.domain.errors import ApiError
from ringfence.domain.number import Number
from ringfence.domain.sid import is_sid
from ringfence.ports.keys import TenantKeys
from ringfence.ports.messaging_services import PoolRow, ServiceRow
from ringfence.ports.store import Store
from ringfence.usecases.messaging.pool_number import POOL_LIMIT

# "+1" and the area code: the North American plan's.
_AREA_CHARACTERS = 5


class PoolSender:
    """Picks senders. The recipient is known to the store by a blind index alone."""

    def __init__(self, store: Store, keys: TenantKeys, clock: Clock) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock

    async def service(self, account: str, sid: str) -> ServiceRow:
        """The account's service. ApiError 21705 for what is no SID of one, 21701 where there is none."""
        if not is_sid(sid, "MG"):
            raise ApiError(21705)
        found = await self._store.service(account, sid)
        if found is None:
            raise ApiError(21701)
        return found

    async def check(self, service: ServiceRow, sender: str) -> None:
        """A sender that the program names beside the service must be in its pool.

        ApiError 21712 where it is in another's, 21606 where it is in none.
        """
        owned = await self._store.number_by_e164(sender)
        pool = None
        if owned is not None and owned.account == service.account:
            pool = await self._store.service_of(owned.account, owned.sid)
        if pool is None:
            raise ApiError(21606, sender=sender)
        if pool.sid != service.sid:
            raise ApiError(21712)

    async def pick(self, service: ServiceRow, to: Number, *, media: bool) -> str:
        """A number in E.164. ApiError 21704 for an empty pool, 21703 where nothing in it can send texts."""
        account = service.account
        if not service.sticky_sender:
            return (await self._new(service, to, secrets.token_bytes(16), media=media)).number
        (recipient,) = await self._keys.blind(account, "sticky_sender", [f"{service.sid}|{to.e164}"])
        known = await self._store.sticky_sender(account, service.sid, recipient)
        if known is not None and "sms" in known.capabilities:
            return known.number
        chosen = await self._new(service, to, recipient, media=media)
        stuck = await self._store.stick(account, service.sid, recipient, chosen.sid, self._clock.now_ms())
        if stuck == chosen.sid:
            return chosen.number
        other = await self._store.pooled(account, service.sid, stuck)
        return chosen.number if other is None else other.number

    async def _new(self, service: ServiceRow, to: Number, seed: bytes, *, media: bool) -> PoolRow:
        pool = await self._store.pool(service.account, service.sid, limit=POOL_LIMIT)
        if not pool:
            raise ApiError(21704)
        fit = [row for row in pool if "sms" in row.capabilities]
        if not fit:
            raise ApiError(21703)
        if media:
            fit = _those(fit, lambda row: "mms" in row.capabilities)
        fit = _those(fit, lambda row: row.region == to.region)
        if service.area_code_geomatch and to.e164.startswith("+1"):
            area = to.e164[:_AREA_CHARACTERS]
            fit = _those(fit, lambda row: row.number.startswith(area))
        # The same for the same seed, so that two texts at once to one recipient are likely to agree.
        return max(fit, key=lambda row: hashlib.sha256(seed + row.sid.encode()).digest())


def _those(rows: list[PoolRow], fit: Callable[[PoolRow], bool]) -> list[PoolRow]:
    """The rows that fit, or all where none does."""
    return [row for row in rows if fit(row)] or rows

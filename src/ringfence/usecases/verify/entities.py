"""Who proves themselves to a service: begun, found by their identity, listed, erased with all that is theirs.

Source: Twilio, Verify v2, "Entity resource".
"""

from collections.abc import Sequence

import msgspec

from ringfence.domain.clock import Clock
from ringfence.domain.errors import ApiError
from ringfence.domain.factor import FACTORS_MAX
from ringfence.domain.identity import is_identity
from ringfence.domain.sealing.factor import open_identity, seal_identity
from ringfence.domain.sealing.record import RecordSealer
from ringfence.domain.sid import new_sid
from ringfence.ports.factor_keys import FactorKeys
from ringfence.ports.factors import EntityRow
from ringfence.ports.keys import Caller
from ringfence.ports.store import Store
from ringfence.usecases.verify.opened import opened_sealers

TABLE = "verify_entity"
INVALID_ENTITY = 60366
_PAGE = 100


class EntityView(msgspec.Struct, frozen=True, kw_only=True):
    """`identity` is None where this credential opens no key of that hour."""

    row: EntityRow
    identity: str | None

    def __repr__(self) -> str:
        return f"EntityView({self.row.sid})"


class Entities:
    """Entities of accounts whose credential is present."""

    def __init__(self, store: Store, keys: FactorKeys, clock: Clock) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock

    async def begin(self, caller: Caller, account: str, service: str, identity: str) -> EntityView:
        """The entity of this identity: a new one where there was none. ApiError 60366 for what is no identity."""
        if not is_identity(identity):
            raise ApiError(INVALID_ENTITY)
        index = await self.index(account, service, identity)
        known = await self._store.entity(account, service, index)
        if known is not None:
            return EntityView(row=known, identity=identity)
        sealing = await self._keys.sealing_key(caller, account)
        now_ms = self._clock.now_ms()
        sid = new_sid("YE", now_ms)
        row = EntityRow(
            account=account,
            sid=sid,
            service=service,
            identity_index=index,
            epoch=sealing.epoch,
            content=seal_identity(RecordSealer(sealing.epoch_key, account), sid, identity),
            created_ms=now_ms,
            updated_ms=now_ms,
        )
        return EntityView(row=await self._store.begin_entity(row), identity=identity)

    async def find(self, account: str, service: str, identity: str) -> EntityRow | None:
        """The entity, or None: for what is no identity, too."""
        if not is_identity(identity):
            return None
        return await self._store.entity(account, service, await self.index(account, service, identity))

    async def listed(
        self, caller: Caller, account: str, service: str, *, before: str | None, limit: int
    ) -> list[EntityView]:
        """Newest first."""
        rows = await self._store.entities(account, service, before=before, limit=limit)
        sealers = await opened_sealers(self._keys, caller, account, (row.epoch for row in rows))
        return [
            EntityView(
                row=row,
                identity=open_identity(sealers[row.epoch], row.sid, row.content) if row.epoch in sealers else None,
            )
            for row in rows
        ]

    async def delete(self, row: EntityRow) -> bool:
        """Erase it with its factors, their secrets and its challenges. What is interrupted may be asked for again."""
        # Secrets first: rows that are left over can be deleted again, a secret without a row could not.
        known = await self._store.factors(row.account, row.sid, limit=FACTORS_MAX)
        await self._forget(row.account, [factor.sid for factor in known])
        gone = await self._store.delete_entity(row.account, row.service, row.sid)
        if gone is None:
            return False
        closed = {factor.sid for factor in known}
        await self._forget(row.account, [factor.sid for factor in gone if factor.sid not in closed])
        return True

    async def delete_all(self, account: str, service: str) -> None:
        """Erase all entities of a service."""
        while rows := await self._store.entities(account, service, limit=_PAGE):
            for row in rows:
                await self.delete(row)

    async def _forget(self, account: str, factors: Sequence[str]) -> None:
        if factors:
            await self._keys.close_totp(account, factors)
            await self._keys.forget_devices(account, factors)

    async def index(self, account: str, service: str, identity: str) -> bytes:
        """What an identity is found by."""
        (index,) = await self._keys.blind(account, TABLE, [f"{service}|{identity}"])
        return index

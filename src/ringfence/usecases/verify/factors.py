"""Factors as their tenant sees them: found, listed, renamed, erased.

Source: Twilio, Verify v2, "Factor resource".
"""

from collections.abc import Callable, Sequence

import msgspec
from msgspec.structs import replace

from ringfence.domain.clock import Clock
from ringfence.domain.errors import ApiError
from ringfence.domain.factor import FactorSecret, FactorStatus
from ringfence.domain.sealing.factor import open_factor, seal_factor
from ringfence.domain.sealing.record import RecordSealer
from ringfence.ports.factor_keys import FactorKeys
from ringfence.ports.factors import EntityRow, FactorRow
from ringfence.ports.keys import Caller
from ringfence.ports.store import Store
from ringfence.ports.verify_events import TellingRow
from ringfence.usecases.verify.opened import opened_sealers
from ringfence.usecases.verify.tellings import NOBODY, Teller
from ringfence.usecases.verify.vouching import FAILED, Vouching

_TRIES = 5


class FactorView(msgspec.Struct, frozen=True, kw_only=True):
    """`secret` is None where this credential opens no key of that hour."""

    row: FactorRow
    secret: FactorSecret | None

    def __repr__(self) -> str:
        return f"FactorView({self.row.sid})"


class Factors:
    """Factors of accounts whose credential is present."""

    def __init__(self, store: Store, keys: FactorKeys, clock: Clock) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock
        self._vouching = Vouching(store, keys, clock)

    async def find(self, entity: EntityRow, sid: str) -> FactorRow | None:
        """The factor of this entity, or None."""
        row = await self._store.factor(entity.account, entity.service, sid)
        return row if row is not None and row.entity == entity.sid else None

    async def fetch(self, caller: Caller, entity: EntityRow, sid: str) -> FactorView | None:
        row = await self.find(entity, sid)
        return None if row is None else (await self.views(caller, [row]))[0]

    async def listed(self, caller: Caller, entity: EntityRow, *, before: str | None, limit: int) -> list[FactorView]:
        """Newest first."""
        return await self.views(
            caller, await self._store.factors(entity.account, entity.sid, before=before, limit=limit)
        )

    async def views(self, caller: Caller, rows: Sequence[FactorRow]) -> list[FactorView]:
        """Views of rows of one account, in order."""
        if not rows:
            return []
        sealers = await opened_sealers(self._keys, caller, rows[0].account, (row.epoch for row in rows))
        return [
            FactorView(
                row=row,
                secret=open_factor(sealers[row.epoch], row.sid, row.content) if row.epoch in sealers else None,
            )
            for row in rows
        ]

    async def change(
        self,
        caller: Caller,
        view: FactorView,
        edit: Callable[[FactorSecret], FactorSecret],
        *,
        status: FactorStatus | None = None,
        credential_index: bytes | None = None,
        teller: Teller = NOBODY,
    ) -> FactorView | None:
        """The factor as `edit` makes it, and with `status` and `credential_index`; None where it is gone.

        `teller` tells that it was verified, where that is its new status.

        ApiError 20409 where others change it all the time, 60311 where it may not be verified yet, or another request
        verified it a moment ago. CredentialTakenError.
        """
        if status is FactorStatus.VERIFIED:
            await self.may_join(caller, view.row)
        for _ in range(_TRIES):
            if view.secret is None:
                raise ApiError(20409, "The factor was sealed in an hour that this credential does not open.")
            secret = edit(view.secret)
            sealing = await self._keys.sealing_key(caller, view.row.account)
            sealer = RecordSealer(sealing.epoch_key, view.row.account)
            changed = replace(
                view.row,
                status=status or view.row.status,
                credential_index=credential_index or view.row.credential_index,
                epoch=sealing.epoch,
                content=seal_factor(sealer, view.row.sid, secret),
                updated_ms=self._clock.now_ms(),
            )
            tellings: Sequence[TellingRow] = []
            if status is FactorStatus.VERIFIED:
                tellings = await teller.of_factor("factor.verified", changed, secret, changed.updated_ms)
            if await self._store.update_factor(changed, tellings):
                teller.told(tellings)
                return FactorView(row=replace(changed, version=changed.version + 1), secret=secret)
            row = await self._store.factor(view.row.account, view.row.service, view.row.sid)
            if row is None:
                return None
            if status is FactorStatus.VERIFIED and row.status is status:
                raise ApiError(FAILED, "The factor was verified by another request.")
            (view,) = await self.views(caller, [row])
        raise ApiError(20409)

    async def may_join(self, caller: Caller | None, factor: FactorRow) -> None:
        """ApiError 60311 where it may not be verified yet: asked before a code is used up, and as it is written."""
        await self._vouching.require(caller, factor)

    async def delete(self, view: FactorView, teller: Teller = NOBODY) -> bool:
        """Erase it with its secret and its challenges. What is interrupted may be asked for again."""
        row = view.row
        tellings = await teller.of_factor("factor.deleted", row, view.secret, self._clock.now_ms())
        await self._keys.close_totp(row.account, [row.sid])
        await self._keys.forget_devices(row.account, [row.sid])
        deleted = await self._store.delete_factor(row.account, row.service, row.sid, tellings)
        if deleted:
            teller.told(tellings)
        return deleted

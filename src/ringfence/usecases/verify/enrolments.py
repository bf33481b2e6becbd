"""Let a device make a factor: a token for one identity, good for minutes and once.

Source: Twilio, Verify v2, "Access Token resource".
"""

from typing import NamedTuple

import msgspec

from ringfence.domain.clock import Clock
from ringfence.domain.device_token import Enrolment, EnrolmentSecret
from ringfence.domain.errors import ApiError
from ringfence.domain.identity import is_identity
from ringfence.domain.sealing.factor import open_enrolment, seal_enrolment
from ringfence.domain.sealing.record import RecordSealer
from ringfence.domain.sid import new_sid
from ringfence.ports.enrolments import EnrolmentRow, EnrolmentStore
from ringfence.ports.factor_keys import FactorKeys
from ringfence.ports.keys import Caller
from ringfence.usecases.verify.entities import INVALID_ENTITY, Entities
from ringfence.usecases.verify.opened import opened_sealers


class EnrolmentView(msgspec.Struct, frozen=True, kw_only=True):
    """A leave; `secret` is None where this credential opens no key of that hour."""

    row: EnrolmentRow
    secret: EnrolmentSecret | None

    def __repr__(self) -> str:
        return f"EnrolmentView({self.row.sid})"


class Signed(NamedTuple):
    """A token, told this once, and what it gives leave to do."""

    view: EnrolmentView
    token: str

    def __repr__(self) -> str:
        return f"Signed({self.view!r})"


class Enrolments:
    """Signed by the key service, for accounts whose credential is present."""

    def __init__(self, store: EnrolmentStore, keys: FactorKeys, clock: Clock, entities: Entities) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock
        self._entities = entities

    async def create(
        self, caller: Caller, account: str, service: str, identity: str, *, name: str, ttl_s: int
    ) -> Signed:
        """A new token. ApiError 60366 for what is no identity."""
        if not is_identity(identity):
            raise ApiError(INVALID_ENTITY)
        now_ms = self._clock.now_ms()
        enrolment = Enrolment(
            sid=new_sid("YK", now_ms),
            account=account,
            service=service,
            identity=identity,
            friendly_name=name,
            issued_s=now_ms // 1_000,
            expires_s=now_ms // 1_000 + ttl_s,
        )
        token = await self._keys.sign_enrolment(caller, enrolment)
        # Written before it is told: a token that a program has can be fetched, and one that nobody has harms nobody.
        return Signed(await self._kept(caller, enrolment), token)

    async def fetch(self, caller: Caller, account: str, service: str, sid: str) -> EnrolmentView | None:
        """What was signed, without its token, for as long as that is good."""
        row = await self._store.enrolment(account, service, sid, self._clock.now_ms())
        if row is None:
            return None
        sealer = (await opened_sealers(self._keys, caller, account, [row.epoch])).get(row.epoch)
        return EnrolmentView(row=row, secret=None if sealer is None else open_enrolment(sealer, sid, row.content))

    async def _kept(self, caller: Caller, enrolment: Enrolment) -> EnrolmentView:
        sealing = await self._keys.sealing_key(caller, enrolment.account)
        secret = EnrolmentSecret(identity=enrolment.identity, friendly_name=enrolment.friendly_name)
        row = EnrolmentRow(
            account=enrolment.account,
            sid=enrolment.sid,
            service=enrolment.service,
            epoch=sealing.epoch,
            content=seal_enrolment(RecordSealer(sealing.epoch_key, enrolment.account), enrolment.sid, secret),
            created_ms=enrolment.issued_s * 1_000,
            expires_ms=enrolment.expires_s * 1_000,
            identity_index=await self._entities.index(enrolment.account, enrolment.service, enrolment.identity),
        )
        await self._store.keep_enrolment(row)
        return EnrolmentView(row=row, secret=secret)

"""Factors that are devices: made by the program or by the device itself, and verified with its first signature.

Source: Twilio, Verify v2, "Factor resource"; Twilio, Verify Push client libraries.
"""

import base64
import binascii

import msgspec
from msgspec.structs import replace

from ringfence.domain.clock import Clock
from ringfence.domain.device_token import DeviceOf, Enrolment
from ringfence.domain.errors import ApiError
from ringfence.domain.factor import FACTORS_MAX, FactorSecret, FactorStatus, FactorType
from ringfence.domain.sealing.factor import seal_factor, seal_factor_with, seal_identity_with
from ringfence.domain.sealing.record import RecordSealer
from ringfence.domain.sid import new_sid
from ringfence.ports.factor_keys import FactorKeys
from ringfence.ports.factors import EntityRow, FactorRow, FactorsFullError
from ringfence.ports.keys import Caller
from ringfence.ports.store import Store
from ringfence.usecases.verify.entities import Entities
from ringfence.usecases.verify.factor_news import EnrolmentTeller
from ringfence.usecases.verify.factors import Factors, FactorView
from ringfence.usecases.verify.tellings import NOBODY, Teller
from ringfence.usecases.verify.totp_factor import FAILED, FULL


class NewDevice(msgspec.Struct, frozen=True, kw_only=True):
    """A device as it describes itself. `public_key` is P-256 in DER; `secret` is what its tenant may read."""

    public_key: bytes
    secret: FactorSecret

    def __repr__(self) -> str:
        return "NewDevice(…)"


class PushFactors:
    """Push factors; where no tenant is present, a device shows a token."""

    def __init__(self, store: Store, keys: FactorKeys, clock: Clock, entities: Entities, factors: Factors) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock
        self._entities = entities
        self._factors = factors

    async def create(
        self, caller: Caller, entity: EntityRow, device: NewDevice, teller: Teller = NOBODY
    ) -> FactorView | None:
        """A new factor, unverified; None where its entity is gone. ApiError 60326 where that has all it may have."""
        sealing = await self._keys.sealing_key(caller, entity.account)
        sid = new_sid("YF", self._clock.now_ms())
        content = seal_factor(RecordSealer(sealing.epoch_key, entity.account), sid, device.secret)
        return await self._create(entity, device, sid, sealing.epoch, content, teller)

    async def enrol(
        self, enrolment: Enrolment, token: str, device: NewDevice, teller: EnrolmentTeller
    ) -> FactorView | None:
        """A new factor of the identity that the token is for, and its entity where there was none.

        KeyRefusedError where the token was used.
        """
        account, service, now_ms = enrolment.account, enrolment.service, self._clock.now_ms()
        records = await self._keys.enrol(account, service, token, ("YE", "YF", *["EV"] * teller.needed))
        (entity_sid, sid, *told), (entity_key, factor_key, *told_keys) = records.sids, records.keys
        teller.take(records.epoch, told, told_keys)
        entity = await self._store.begin_entity(
            EntityRow(
                account=account,
                sid=entity_sid,
                service=service,
                identity_index=await self._entities.index(account, service, enrolment.identity),
                epoch=records.epoch,
                content=seal_identity_with(entity_key, account, entity_sid, enrolment.identity),
                created_ms=now_ms,
                updated_ms=now_ms,
            )
        )
        content = seal_factor_with(factor_key, account, sid, device.secret)
        return await self._create(entity, device, sid, records.epoch, content, teller)

    async def verify(
        self, caller: Caller | None, view: FactorView, payload: str, teller: Teller = NOBODY
    ) -> FactorView | None:
        """The factor, verified; None where it is gone. ApiError 60311 where `payload` is not the device's word for it,
        and where it is verified already, a moment ago too.

        That is a token (ES256) which names the factor as `factor_sid`; or, as Twilio has it, the signature
        of its SID alone, in Base64. 60311 too where it needs an approval that is not there; `caller` is None where no
        tenant is present.
        """
        row = view.row
        if row.status is FactorStatus.VERIFIED or not await self._is_word_of(row, payload):
            raise ApiError(FAILED)
        await self._factors.may_join(caller, row)
        verified = replace(row, status=FactorStatus.VERIFIED, updated_ms=self._clock.now_ms())
        tellings = await teller.of_factor("factor.verified", verified, view.secret, verified.updated_ms)
        if await self._store.update_factor(verified, tellings):
            teller.told(tellings)
            return replace(view, row=replace(verified, version=row.version + 1))
        known = await self._store.factor(row.account, row.service, row.sid)
        if known is not None:
            raise ApiError(FAILED if known.status is FactorStatus.VERIFIED else 20409)
        return None

    async def _is_word_of(self, row: FactorRow, payload: str) -> bool:
        if "." not in payload:
            try:
                signature = base64.b64decode(payload, validate=True)
            except (binascii.Error, ValueError):
                return False
            return await self._keys.is_signed_by_device(device_of(row), row.sid.encode(), signature)
        signed = await self._keys.device_payload(device_of(row), payload)
        claims = {} if signed is None else msgspec.json.decode(signed, type=dict[str, object])
        return claims.get("factor_sid") == row.sid

    async def _create(
        self, entity: EntityRow, device: NewDevice, sid: str, epoch: int, content: bytes, teller: Teller
    ) -> FactorView | None:
        now_ms = self._clock.now_ms()
        row = FactorRow(
            account=entity.account,
            sid=sid,
            service=entity.service,
            entity=entity.sid,
            factor_type=FactorType.PUSH,
            epoch=epoch,
            content=content,
            created_ms=now_ms,
            updated_ms=now_ms,
        )
        made = await teller.of_factor("factor.created", row, device.secret, now_ms)
        unmade = await teller.of_factor("factor.deleted", row, device.secret, now_ms)
        try:
            if not await self._store.create_factor(row, FACTORS_MAX, made):
                return None
        except FactorsFullError:
            raise ApiError(FULL, f"An entity has at most {FACTORS_MAX} factors") from None
        # After its row: a key that no row knows of would be kept for ever.
        try:
            await self._keys.keep_device(device_of(row), device.public_key)
        except ConnectionError:
            await self._store.delete_factor(row.account, row.service, sid, unmade)
            raise
        finally:
            teller.told(made)
        if await self._store.factor(row.account, row.service, sid) is None:
            await self._keys.forget_devices(row.account, [sid])
            return None
        return FactorView(row=row, secret=device.secret)


def device_of(row: FactorRow) -> DeviceOf:
    """As the key service knows it."""
    return DeviceOf(account=row.account, service=row.service, factor=row.sid)

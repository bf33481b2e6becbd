"""Factors that are passkeys: begun, then verified with what the authenticator made.

Source: Twilio, Verify v2, "Passkeys Factor resource"; errors 60311, 60326.
"""

from typing import Any, Final

import msgspec
from msgspec.structs import replace

from ringfence.domain.base64url import encode_base64url
from ringfence.domain.clock import Clock
from ringfence.domain.errors import ApiError
from ringfence.domain.factor import FACTORS_MAX, FactorSecret, FactorStatus, FactorType
from ringfence.domain.passkeys.answers import RegistrationAnswer
from ringfence.domain.passkeys.passkey import Passkey
from ringfence.domain.passkeys.refusal import PasskeyRefusedError, Refusal
from ringfence.domain.sealing.factor import seal_factor
from ringfence.domain.sealing.record import RecordSealer
from ringfence.domain.sid import new_sid
from ringfence.ports.factors import CredentialTakenError, EntityRow, FactorRow, FactorsFullError
from ringfence.ports.keys import Caller, TenantKeys
from ringfence.ports.passkeys import Ceremony, Passkeys, PasskeyUser
from ringfence.ports.store import Store
from ringfence.ports.verify_events import VerifyEvents
from ringfence.usecases.verify.factor_news import TenantTeller
from ringfence.usecases.verify.factors import Factors, FactorView
from ringfence.usecases.verify.passkey_kept import (
    TABLE,
    PasskeyBinding,
    PasskeyConfig,
    binding_of,
    config_of,
    encode_kept,
    new_challenge,
    noted,
    refused,
    sid_asked,
)

FAILED: Final = 60311
FULL: Final = 60326
REGISTRATION_LIFE_MS: Final = 600_000
"""How long an authenticator has to make a passkey."""

_FAILED = "Factor verification failed"


class NewPasskeyFactor(msgspec.Struct, frozen=True, kw_only=True):
    """A factor that waits for its passkey, and what the browser is to be asked."""

    view: FactorView
    options: dict[str, Any]

    def __repr__(self) -> str:
        return f"NewPasskeyFactor({self.view.row.sid})"


class PasskeyFactors:
    """Passkeys of accounts whose credential is present."""

    def __init__(
        self,
        store: Store,
        keys: TenantKeys,
        passkeys: Passkeys,
        clock: Clock,
        factors: Factors,
        events: VerifyEvents,
    ) -> None:
        self._store = store
        self._keys = keys
        self._passkeys = passkeys
        self._clock = clock
        self._factors = factors
        self._events = events

    async def create(
        self, caller: Caller, row: EntityRow, identity: str, config: PasskeyConfig, *, name: str
    ) -> NewPasskeyFactor | None:
        """A new factor, unverified; None where its entity is gone. ApiError 60326 where that has all it may have.

        Those that waited in vain for their passkeys make room for it.
        """
        now_ms = self._clock.now_ms()
        known = await self._factors.listed(caller, row, before=None, limit=FACTORS_MAX)
        for view in known:
            if _waited_in_vain(view.row, now_ms):
                await self._store.delete_factor(row.account, row.service, view.row.sid)
        sid = new_sid("YF", now_ms)
        ceremony = Ceremony(
            party=config.relying_party,
            challenge=new_challenge(sid),
            until_ms=now_ms + REGISTRATION_LIFE_MS,
            user_verification=config.user_verification,
        )
        secret = FactorSecret(
            friendly_name=name,
            config=encode_kept(config),
            binding=encode_kept(PasskeyBinding(identity=identity, registration=ceremony)),
        )
        sealing = await self._keys.sealing_key(caller, row.account)
        factor = FactorRow(
            account=row.account,
            sid=sid,
            service=row.service,
            entity=row.sid,
            factor_type=FactorType.PASSKEYS,
            epoch=sealing.epoch,
            content=seal_factor(RecordSealer(sealing.epoch_key, row.account), sid, secret),
            created_ms=now_ms,
            updated_ms=now_ms,
        )
        teller = TenantTeller(self._events, caller, identity)
        tellings = await teller.of_factor("factor.created", factor, secret, now_ms)
        try:
            if not await self._store.create_factor(factor, FACTORS_MAX, tellings):
                return None
        except FactorsFullError:
            raise ApiError(FULL, f"An entity has at most {FACTORS_MAX} factors") from None
        options = self._passkeys.registration_options(
            ceremony,
            PasskeyUser(handle=row.sid.encode(), name=name, display_name=name),
            now_ms,
            wish=config.wish,
            taken=passkeys_of(known, ceremony.party.id),
        )
        view = FactorView(row=factor, secret=secret)
        teller.told(tellings)
        return NewPasskeyFactor(view=view, options=options)

    async def verify(self, caller: Caller, account: str, service: str, answer: RegistrationAnswer) -> FactorView:
        """The factor that waited for this passkey, verified. ApiError 60311: also where none waits for it."""
        try:
            row = await self._store.factor(account, service, sid_asked(answer.client_data, "YF"))
            if row is None or row.factor_type is not FactorType.PASSKEYS or row.status is not FactorStatus.UNVERIFIED:
                raise PasskeyRefusedError(Refusal.CHALLENGE)
            (view,) = await self._factors.views(caller, [row])
            if view.secret is None:
                raise ApiError(20409, "The factor was sealed in an hour that this credential does not open.")
            asked = binding_of(view.secret).registration
            if asked is None:
                raise PasskeyRefusedError(Refusal.CHALLENGE)
            made = self._passkeys.check_registration(answer, asked, row.entity.encode(), self._clock.now_ms())
            return await self._bound(caller, view, asked, made.passkey)
        except PasskeyRefusedError as wrong:
            raise refused(FAILED, _FAILED, wrong) from None

    async def _bound(self, caller: Caller, view: FactorView, asked: Ceremony, passkey: Passkey) -> FactorView:
        def bind(secret: FactorSecret) -> FactorSecret:
            binding = binding_of(secret)
            if binding.registration != asked:
                raise PasskeyRefusedError(Refusal.CHALLENGE)
            bound = encode_kept(replace(binding, registration=None, passkey=passkey))
            return noted(replace(secret, binding=bound), aaguid=passkey.aaguid)

        index = await credential_index(self._keys, view.row.account, view.row.service, passkey.credential_id)
        try:
            bound = await self._factors.change(
                caller,
                view,
                bind,
                status=FactorStatus.VERIFIED,
                credential_index=index,
                teller=TenantTeller(self._events, caller, identity_of(view)),
            )
        except CredentialTakenError:
            raise ApiError(FAILED, f"{_FAILED}: this credential belongs to a factor already") from None
        if bound is None:
            raise PasskeyRefusedError(Refusal.CHALLENGE)
        return bound


def identity_of(view: FactorView) -> str:
    """Whose passkey it is, "" where this credential does not read that."""
    return "" if view.secret is None else binding_of(view.secret).identity


async def credential_index(keys: TenantKeys, account: str, service: str, credential_id: bytes) -> bytes:
    """By which a passkey is found in its service."""
    (index,) = await keys.blind(account, TABLE, [f"{service}|{encode_base64url(credential_id)}"])
    return index


def passkeys_of(views: list[FactorView], domain: str) -> list[Passkey]:
    """The passkeys of these factors that are of this relying party, as far as they can be read."""
    found = []
    for view in views:
        if view.row.factor_type is not FactorType.PASSKEYS or view.secret is None:
            continue
        passkey = binding_of(view.secret).passkey
        if passkey is not None and config_of(view.secret).relying_party.id == domain:
            found.append(passkey)
    return found


def _waited_in_vain(row: FactorRow, now_ms: int) -> bool:
    return (
        row.factor_type is FactorType.PASSKEYS
        and row.status is FactorStatus.UNVERIFIED
        and now_ms >= row.created_ms + REGISTRATION_LIFE_MS
    )

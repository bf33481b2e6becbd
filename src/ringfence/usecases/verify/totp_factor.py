"""Factors that are authenticator apps: made, configured, and verified with their first code.

Source: Twilio, Verify v2, "Factor resource", "Verify TOTP: change in API response when AuthPayload is incorrect".
"""

from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from ringfence.domain.clock import Clock
from ringfence.domain.errors import ApiError
from ringfence.domain.factor import FACTORS_MAX, FactorSecret, FactorStatus, FactorType
from ringfence.domain.sealing.factor import seal_factor
from ringfence.domain.sealing.record import RecordSealer
from ringfence.domain.sid import new_sid
from ringfence.domain.totp import TotpShape, is_code, key_uri, write_secret
from ringfence.domain.verify_service import VerifyService
from ringfence.ports.factors import EntityRow, FactorRow, FactorsFullError
from ringfence.ports.keys import Caller, TenantKeys
from ringfence.ports.store import Store
from ringfence.ports.totp_codes import TotpCodes, TotpOf
from ringfence.ports.verification_codes import Verdict
from ringfence.usecases.verify.factors import Factors, FactorView
from ringfence.usecases.verify.tellings import NOBODY, Teller

INVALID = 60200
FAILED = 60311
SPENT = 60310
FULL = 60326

_encoder = msgspec.json.Encoder()


class NewTotp(msgspec.Struct, frozen=True, kw_only=True):
    """A factor as it was made, and what is told of it this once: its secret in Base32, and what a QR code shows."""

    view: FactorView
    secret: str
    uri: str

    def __repr__(self) -> str:
        return f"NewTotp({self.view.row.sid})"


class TotpFactors:
    """TOTP factors of accounts whose credential is present."""

    def __init__(self, store: Store, keys: TenantKeys, totp: TotpCodes, clock: Clock, factors: Factors) -> None:
        self._store = store
        self._keys = keys
        self._totp = totp
        self._clock = clock
        self._factors = factors

    async def create(
        self,
        caller: Caller,
        entity: EntityRow,
        service: VerifyService,
        shape: TotpShape,
        *,
        name: str,
        metadata: str = "{}",
        secret: bytes = b"",
        teller: Teller = NOBODY,
    ) -> NewTotp | None:
        """A new factor, unverified; None where its entity is gone. ApiError 60326 where that has all it may have."""
        now_ms = self._clock.now_ms()
        sid = new_sid("YF", now_ms)
        content = FactorSecret(friendly_name=name, config=_encoder.encode(shape).decode(), metadata=metadata)
        sealing = await self._keys.sealing_key(caller, entity.account)
        row = FactorRow(
            account=entity.account,
            sid=sid,
            service=entity.service,
            entity=entity.sid,
            factor_type=FactorType.TOTP,
            epoch=sealing.epoch,
            content=seal_factor(RecordSealer(sealing.epoch_key, entity.account), sid, content),
            created_ms=now_ms,
            updated_ms=now_ms,
        )
        made = await teller.of_factor("factor.created", row, content, now_ms)
        unmade = await teller.of_factor("factor.deleted", row, content, now_ms)
        try:
            if not await self._store.create_factor(row, FACTORS_MAX, made):
                return None
        except FactorsFullError:
            raise ApiError(FULL, f"An entity has at most {FACTORS_MAX} factors") from None
        # After its row: a secret that no row knows of would be kept for ever. Whoever has no secret proves nothing.
        try:
            kept = await self._totp.open_totp(totp_of(row), shape, secret)
        except ConnectionError:
            await self._store.delete_factor(row.account, row.service, sid, unmade)
            raise
        finally:
            teller.told(made)
        if await self._store.factor(row.account, row.service, sid) is None:
            await self._totp.close_totp(row.account, [sid])
            return None
        issuer = service.totp.issuer or service.friendly_name
        return NewTotp(
            view=FactorView(row=row, secret=content),
            secret=write_secret(kept),
            uri=key_uri(kept, issuer, name, shape),
        )

    async def configure(
        self, caller: Caller, view: FactorView, change: Callable[[TotpShape], TotpShape]
    ) -> FactorView | None:
        """The factor with its codes made as `change` says, from the next check on; None where it is gone."""

        def edit(secret: FactorSecret) -> FactorSecret:
            return replace(secret, config=_encoder.encode(change(shape_of(secret))).decode())

        return await self._factors.change(caller, view, edit)

    async def verify(self, caller: Caller, view: FactorView, code: str, teller: Teller = NOBODY) -> FactorView | None:
        """The factor after a check: verified, or still unverified where the code is wrong; None where it is gone.

        ApiError 60200 for what cannot be a code, 60310 when five checks were used up, 60311 where it is verified
        already: else who sends a wrong code would read "verified"; and where it needs an approval that is not there.
        """
        if not is_code(code):
            raise ApiError(INVALID, "Invalid parameter `AuthPayload`: expected 3 to 8 digits")
        if view.row.status is FactorStatus.VERIFIED:
            raise ApiError(FAILED, "The factor is verified: check its codes with challenges.")
        await self._factors.may_join(caller, view.row)
        verdict = await self._totp.check_totp(totp_of(view.row), view.row.sid, code, shown_shape(view))
        if verdict is Verdict.SPENT:
            raise ApiError(SPENT)
        if verdict is Verdict.WRONG:
            return view
        if verdict is Verdict.GONE:
            return None
        return await self._factors.change(
            caller, view, lambda secret: secret, status=FactorStatus.VERIFIED, teller=teller
        )


def shape_of(secret: FactorSecret) -> TotpShape:
    """How the codes of a TOTP factor are made."""
    return msgspec.json.decode(secret.config, type=TotpShape)


def shown_shape(view: FactorView) -> TotpShape | None:
    """The same, None where this credential does not read it: then the key service goes by what it was last told."""
    return None if view.secret is None else shape_of(view.secret)


def totp_of(row: FactorRow) -> TotpOf:
    """As the key service knows it."""
    return TotpOf(account=row.account, service=row.service, factor=row.sid)

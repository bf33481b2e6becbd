"""Challenges to authenticator apps: a code is asked for, and checked in the key service.

Source: Twilio, Verify v2, "Challenge resource"; errors 60308, 60312, 60318, 60323 and 60324.
"""

from msgspec.structs import replace

from ringfence.domain.challenge import ChallengeSecret, ChallengeStatus
from ringfence.domain.clock import Clock
from ringfence.domain.errors import ApiError
from ringfence.domain.factor import FactorStatus
from ringfence.domain.sealing.factor import seal_challenge
from ringfence.domain.sealing.record import RecordSealer
from ringfence.domain.sid import new_sid
from ringfence.domain.totp import is_code
from ringfence.ports.factors import Answer, Brake, ChallengeRow, ChallengesBrakedError
from ringfence.ports.keys import Caller, TenantKeys
from ringfence.ports.store import Store
from ringfence.ports.totp_codes import TotpCodes
from ringfence.ports.verification_codes import Verdict
from ringfence.usecases.verify.challenges import ChallengeView
from ringfence.usecases.verify.factors import FactorView
from ringfence.usecases.verify.tellings import NOBODY, Teller
from ringfence.usecases.verify.totp_factor import INVALID, shape_of, shown_shape, totp_of

SPENT = 60308
BRAKED = 60312
UNVERIFIED = 60318
EXPIRED = 60323
FAILED = 60324

_HOUR_MS = 3_600_000
_SHORT_CODE = 4
_SHORT = (10, 24 * _HOUR_MS)
_LONG = (50, _HOUR_MS)
"""How many challenges an entity may be asked within how long: fewer, where a code has four digits or less."""


class TotpChallenges:
    """TOTP challenges of accounts whose credential is present."""

    def __init__(self, store: Store, keys: TenantKeys, totp: TotpCodes, clock: Clock) -> None:
        self._store = store
        self._keys = keys
        self._totp = totp
        self._clock = clock

    async def create(
        self,
        caller: Caller,
        factor: FactorView,
        *,
        hidden: str,
        expires_ms: int,
        code: str = "",
        teller: Teller = NOBODY,
    ) -> ChallengeView | None:
        """A new challenge, checked at once where a `code` is given; None where its factor is gone.

        ApiError 60200 for what cannot be a code, 60318 for an unverified factor, 60312 where there were too many.
        """
        if code:
            _check_form(code)
        row, now_ms = factor.row, self._clock.now_ms()
        if row.status is not FactorStatus.VERIFIED:
            raise ApiError(UNVERIFIED)
        sid = new_sid("YC", now_ms)
        secret = ChallengeSecret(hidden_details=hidden)
        sealing = await self._keys.sealing_key(caller, row.account)
        challenge = ChallengeRow(
            account=row.account,
            sid=sid,
            service=row.service,
            entity=row.entity,
            factor=row.sid,
            factor_type=row.factor_type,
            epoch=sealing.epoch,
            content=seal_challenge(RecordSealer(sealing.epoch_key, row.account), sid, secret),
            created_ms=now_ms,
            updated_ms=now_ms,
            expires_ms=expires_ms,
        )
        try:
            if not await self._store.create_challenge(challenge, _brake(factor, now_ms)):
                return None
        except ChallengesBrakedError:
            raise ApiError(BRAKED) from None
        view = ChallengeView(row=challenge, secret=secret)
        return await self._checked(factor, view, code, teller) if code else view

    async def answer(
        self, factor: FactorView, view: ChallengeView, code: str, teller: Teller = NOBODY
    ) -> ChallengeView | None:
        """The challenge after a check: approved, or pending where the code is wrong; None where the factor is gone.

        ApiError 60200 for what cannot be a code, 60323 where its time is up, 60324 where it was answered, 60308 when
        five checks were used up.
        """
        _check_form(code)
        if view.row.status is ChallengeStatus.EXPIRED:
            raise ApiError(EXPIRED)
        if view.row.status is not ChallengeStatus.PENDING:
            raise ApiError(FAILED)
        return await self._checked(factor, view, code, teller)

    async def _checked(
        self, factor: FactorView, view: ChallengeView, code: str, teller: Teller
    ) -> ChallengeView | None:
        verdict = await self._totp.check_totp(totp_of(factor.row), view.row.sid, code, shown_shape(factor))
        if verdict is Verdict.SPENT:
            raise ApiError(SPENT)
        if verdict is Verdict.WRONG:
            return view
        if verdict is Verdict.GONE:
            return None
        approved = Answer(
            status=ChallengeStatus.APPROVED,
            at_ms=self._clock.now_ms(),
            entity=view.row.entity,
            factor=view.row.factor,
        )
        tellings = await teller.of_answer(view.row, approved, view.secret)
        row = await self._store.answer_challenge(view.row.account, view.row.service, view.row.sid, approved, tellings)
        if row is None:
            raise ApiError(EXPIRED)
        teller.told(tellings)
        return replace(view, row=row)


def _check_form(code: str) -> None:
    if not is_code(code):
        raise ApiError(INVALID, "Invalid parameter `AuthPayload`: expected 3 to 8 digits")


def _brake(factor: FactorView, now_ms: int) -> Brake:
    # Whose shape this credential cannot read is braked as a short one.
    short = factor.secret is None or shape_of(factor.secret).code_length <= _SHORT_CODE
    limit, span_ms = _SHORT if short else _LONG
    return Brake(limit=limit, since_ms=now_ms - span_ms, denied_since_ms=now_ms)

"""Pending verifications of a number: one that holds it gets another attempt, else one begins.

Source: Twilio, Verify v2, "Start new verification"; errors 60202, 60203, 60212.
"""

from msgspec.structs import replace

from ringfence.domain.errors import ApiError
from ringfence.domain.recipient import Recipient, address_of
from ringfence.domain.sealing.sealer_cache import SealerCache
from ringfence.domain.sealing.verification import seal_locale, seal_verification
from ringfence.domain.sid import new_sid
from ringfence.domain.verification import SENDS_MAX, Attempt, Secret, Status
from ringfence.domain.verification_code import LIFE_MS
from ringfence.domain.verify_service import VerifyService
from ringfence.ports.keys import Caller, TenantKeys
from ringfence.ports.store import Store
from ringfence.ports.verification_codes import CodeOf, VerificationCodes
from ringfence.ports.verifications import VerificationRow
from ringfence.ports.verify_config import VerifyRow
from ringfence.usecases.verify.note_refusals import TABLE, StartRefusedError
from ringfence.usecases.verify.settle_verification import VerificationSettler
from ringfence.usecases.verify.start_request import StartRequest
from ringfence.usecases.verify.verification_view import open_views


class PendingVerifications:
    """Rows and codes of verifications that are under way."""

    def __init__(self, store: Store, keys: TenantKeys, codes: VerificationCodes, settler: VerificationSettler) -> None:
        self._store = store
        self._keys = keys
        self._codes = codes
        self._settler = settler
        self._sealers = SealerCache()

    async def held(self, service: VerifyRow, to: Recipient, now_ms: int) -> tuple[bytes, VerificationRow | None]:
        """The number's index, and the verification that holds it: its code is the one that is sent again."""
        address = address_of(to)
        (to_index,) = await self._keys.blind(service.account, TABLE, [f"{service.sid}|{address}"])
        held = await self._store.held_verification(service.account, service.sid, to_index, now_ms)
        if held is not None:
            held = await self._settler.settled(held, address)
        # One that ended just now holds the number no more.
        ended = held is None or held.status not in (Status.PENDING, Status.MAX_ATTEMPTS_REACHED)
        return to_index, None if ended else held

    async def send_again(
        self,
        caller: Caller,
        settings: VerifyService,
        request: StartRequest,
        held: VerificationRow,
        attempt: Attempt,
        locale: str,
    ) -> VerificationRow:
        """The pending verification with this attempt among its own."""
        if settings.psd2_enabled:
            await self._check_payment(caller, held, request)
        sealing = await self._keys.sealing_key(caller, held.account)
        sealed = seal_locale(self._sealers.of(held.account, sealing.epoch_key), attempt.sid, locale)
        attempt = replace(attempt, epoch=sealing.epoch, locale=sealed)
        sent = await self._store.attempt_verification(held.account, held.sid, attempt, SENDS_MAX)
        if sent is None:
            raise await self._full(held)
        return sent

    async def _full(self, held: VerificationRow) -> ApiError:
        """Why a verification that held its number a moment ago is not sent again."""
        row = await self._store.verification(held.account, held.sid)
        if row is not None and row.status is Status.MAX_ATTEMPTS_REACHED:
            return StartRefusedError(60202)
        if row is not None and row.status is Status.PENDING and len(row.attempts) >= SENDS_MAX:
            return StartRefusedError(60203)
        # It ended in between: whoever asks again begins another.
        return ApiError(60212)

    async def begin(
        self,
        caller: Caller,
        service: VerifyRow,
        settings: VerifyService,
        request: StartRequest,
        to: Recipient,
        to_index: bytes,
        attempt: Attempt,
        locale: str,
    ) -> VerificationRow:
        """A new verification of this attempt, with its code open."""
        address = address_of(to)
        sealing = await self._keys.sealing_key(caller, service.account)
        sid = new_sid("VE", attempt.at_ms)
        secret = Secret(to=address, amount=request.amount, payee=request.payee, tags=request.tags, locale=locale)
        row = VerificationRow(
            account=service.account,
            sid=sid,
            service=service.sid,
            to_index=to_index,
            channel=request.channel,
            status=Status.PENDING,
            region=to.region,
            epoch=sealing.epoch,
            content=seal_verification(self._sealers.of(service.account, sealing.epoch_key), sid, secret),
            attempts=(attempt,),
            created_ms=attempt.at_ms,
            updated_ms=attempt.at_ms,
            expires_ms=attempt.at_ms + LIFE_MS,
        )
        code = CodeOf(account=row.account, sid=sid, service=row.service, to=address)
        await self._codes.open_code(code, settings.code_length, row.expires_ms, request.custom_code)
        if (await self._store.begin_verification(row)).sid != sid:
            # Somebody else began one for this number a moment ago.
            await self._codes.close_code(row.account, sid)
            raise ApiError(60212)
        return row

    async def _check_payment(self, caller: Caller, held: VerificationRow, request: StartRequest) -> None:
        """A code is for one payment: sent again beside the words of another, it would approve what nobody read.

        No other one takes its place either: whoever chooses the amount would have five more guesses each time.
        """
        (view,) = await open_views(self._keys, caller, held.account, [held])
        paid = ("", "") if view.secret is None else (view.secret.amount, view.secret.payee)
        if paid != (request.amount, request.payee):
            raise ApiError(60212, "A code for another payment is pending for this number: cancel that first.")

"""Check a code. The key service counts the check, durably, before it compares.

Unknown, expired, approved before, of another number or service: one answer, and the same work for each, so that neither
words nor time tell which it was. Source: Twilio, Verify v2, "Check a verification"; errors 20404, 60200 and 60202.
"""

import re

from ringfence.domain.clock import Clock
from ringfence.domain.errors import ApiError
from ringfence.domain.sid import new_sid
from ringfence.domain.verification import Secret, Status
from ringfence.domain.verify_service import decode_verify_service
from ringfence.ports.keys import Caller, TenantKeys
from ringfence.ports.store import Store
from ringfence.ports.verification_codes import CodeOf, Verdict, VerificationCodes
from ringfence.ports.verify_config import VerifyRow
from ringfence.usecases.verify.fetch_verification import VerificationReader
from ringfence.usecases.verify.settle_verification import VerificationSettler
from ringfence.usecases.verify.start_verification import INVALID
from ringfence.usecases.verify.verification_view import VerificationView, open_views

MAX_CHECKS_REACHED = 60202
_CODE = re.compile(r"[A-Za-z0-9]{4,10}")
# No code: what is compared where the payment is another.
_NEVER = "-"

Payment = tuple[str, str]


class VerificationChecker:
    """Checks codes for accounts whose credential is present."""

    def __init__(
        self,
        store: Store,
        keys: TenantKeys,
        codes: VerificationCodes,
        clock: Clock,
        reader: VerificationReader,
        settler: VerificationSettler,
    ) -> None:
        self._store = store
        self._keys = keys
        self._codes = codes
        self._clock = clock
        self._reader = reader
        self._settler = settler

    async def check(
        self, caller: Caller, service: VerifyRow, code: str, *, to: str = "", sid: str = "", payment: Payment = ("", "")
    ) -> VerificationView | None:
        """The verification after it: approved, or pending where the code is wrong; None where there is none to check.

        `sid` goes before `to`, which is E.164 or a mail address in small letters. `payment` is amount and payee: where
        the service is for payments, a code is right for the payment alone that it was sent for. ApiError 60200 for what
        cannot be a code, 60202 where five checks were used up, 60206 for a missing payment.
        """
        if _CODE.fullmatch(code) is None:
            raise ApiError(INVALID, "Invalid parameter `Code`: expected 4 to 10 letters and digits")
        pays = decode_verify_service(service.settings).psd2_enabled
        if pays and not all(payment):
            raise ApiError(60206)
        row = await self._reader.find(service.account, service.sid, sid or to)
        view = None
        if row is not None and (pays or sid):
            (view,) = await open_views(self._keys, caller, row.account, [row])
        elif row is not None:
            view = VerificationView(row=row, secret=Secret(to=to))
        if pays and view is not None and view.secret is not None and (view.secret.amount, view.secret.payee) != payment:
            code = _NEVER
        return await self._checked(service, view, code)

    async def _checked(self, service: VerifyRow, view: VerificationView | None, code: str) -> VerificationView | None:
        verdict = await self._codes.check_code(self._code_of(service, view), code)
        if view is None or view.secret is None:
            return None
        row, now_ms = view.row, self._clock.now_ms()
        if verdict is Verdict.GONE:
            await self._settler.settled(row, view.secret.to)
            return None
        if verdict is Verdict.SPENT:
            await self._store.move_verification(row.account, row.sid, Status.MAX_ATTEMPTS_REACHED, now_ms)
            raise ApiError(MAX_CHECKS_REACHED)
        if verdict is Verdict.WRONG:
            return view
        return await self._settler.approve_by_code(view)

    def _code_of(self, service: VerifyRow, view: VerificationView | None) -> CodeOf:
        if view is None or view.secret is None:
            nothing = new_sid("VE", self._clock.now_ms())
            return CodeOf(account=service.account, sid=nothing, service=service.sid, to="+10000000000")
        return CodeOf(account=service.account, sid=view.row.sid, service=service.sid, to=view.secret.to)

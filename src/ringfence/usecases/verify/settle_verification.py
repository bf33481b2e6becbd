"""Bring to its end a verification whose code is used up, where whoever was to write that down died.

The key service approves a code once and erases it; the store is told after that. Until it is, the verification looks
pending and has no code. Source: docs/why/verify.md.
"""

from msgspec.structs import replace

from ringfence.domain.clock import Clock
from ringfence.domain.recipient import parse_recipient
from ringfence.domain.verification import Status
from ringfence.ports.fraud_guard import FraudGuard
from ringfence.ports.store import Store
from ringfence.ports.verification_codes import CodeState, VerificationCodes
from ringfence.ports.verifications import VerificationRow
from ringfence.usecases.verify.verification_view import VerificationView

_ENDS = {CodeState.USED: Status.APPROVED, CodeState.GONE: Status.CANCELED}


class VerificationSettler:
    """Writes down how verifications ended, and tells the guard of approvals: each once, whoever is first."""

    def __init__(self, store: Store, codes: VerificationCodes, clock: Clock, guard: FraudGuard) -> None:
        self._store = store
        self._codes = codes
        self._clock = clock
        self._guard = guard

    async def settled(self, row: VerificationRow, to: str) -> VerificationRow:
        """The verification, ended where its code is: approved where that was right, else canceled.

        `to` is whose it is, "" where this credential does not read it. ConnectionError, of the key service.
        """
        if row.status is not Status.PENDING:
            return row
        status = _ENDS.get(await self._codes.code_state(row.account, row.sid))
        if status is None:
            return row
        moved = await self._moved(row, to, status)
        return moved or await self._store.verification(row.account, row.sid) or row

    async def approve(self, view: VerificationView) -> VerificationView | None:
        """The verification, approved; None where it had ended."""
        moved = await self._moved(view.row, "" if view.secret is None else view.secret.to, Status.APPROVED)
        return None if moved is None else replace(view, row=moved)

    async def approve_by_code(self, view: VerificationView) -> VerificationView | None:
        """The same for whom the key service told that the code was right, which it tells one alone.

        Somebody who found the code used may have written that down first.
        """
        if (approved := await self.approve(view)) is not None:
            return approved
        known = await self._store.verification(view.row.account, view.row.sid)
        return replace(view, row=known) if known is not None and known.status is Status.APPROVED else None

    async def _moved(self, row: VerificationRow, to: str, status: Status) -> VerificationRow | None:
        now_ms = self._clock.now_ms()
        moved = await self._store.move_verification(row.account, row.sid, status, now_ms)
        if moved is None or status is not Status.APPROVED:
            return moved
        if (recipient := parse_recipient(to)) is not None:
            origins = sorted({name for attempt in row.attempts for name in attempt.origins})
            await self._guard.approved(row.account, row.service, recipient, now_ms, origins)
        return moved

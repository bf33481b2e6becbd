"""How a verification went, read by its tenant: its status, and what became of each sending. No code is in it."""

import msgspec

from ringfence.domain.clock import Clock
from ringfence.domain.code_outcome import Outcome, Sending, outcome
from ringfence.domain.sealing.record import RecordSealer
from ringfence.domain.sealing.verification import open_verification
from ringfence.domain.verification import Secret, Status, call_sid, status_at
from ringfence.domain.verify_service import decode_verify_service
from ringfence.ports.calls import CallRow
from ringfence.ports.keys import Caller, TenantKeys
from ringfence.ports.store import MessageRow, Store
from ringfence.ports.verification_attempts import AttemptFilter, VerificationAttemptRow
from ringfence.ports.verifications import VerificationRow

MAX_SENDINGS = 50
"""Five of a verification go out; refused ones may be more: the newest are shown."""


class SendingView(msgspec.Struct, frozen=True, kw_only=True):
    """One sending, and the text or call that it is; None where that was refused or erased.

    `code` is what went wrong with it, by Twilio's code; `pressed` whether a key was pressed in a call that asked for
    one, else None.
    """

    attempt: VerificationAttemptRow
    row: MessageRow | CallRow | None
    code: int | None = None
    pressed: bool | None = None


class VerificationTimelineView(msgspec.Struct, frozen=True, kw_only=True):
    """`secret` is None where this credential opens no key of that hour; `status` is what holds now.

    `outcome` needs no key.
    """

    row: VerificationRow
    status: Status
    secret: Secret | None
    sendings: tuple[SendingView, ...]
    outcome: Outcome

    def __repr__(self) -> str:
        return f"VerificationTimelineView({self.row.sid})"


class VerificationTimelineReader:
    """Reads with the keys of the credential that asks, and no others."""

    def __init__(self, store: Store, keys: TenantKeys, clock: Clock) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock

    async def read(self, caller: Caller, account: str, sid: str) -> VerificationTimelineView | None:
        """The timeline, or None when the account has no such verification."""
        row = await self._store.verification(account, sid)
        if row is None:
            return None
        key = (await self._keys.open_epochs(caller, account, [row.epoch])).get(row.epoch)
        status = status_at(row.status, row.expires_ms, self._clock.now_ms())
        sendings = await self._sendings(row)
        return VerificationTimelineView(
            row=row,
            status=status,
            secret=None if key is None else open_verification(RecordSealer(key, account), sid, row.content),
            sendings=sendings,
            outcome=outcome(status, [_told(sending) for sending in sendings]),
        )

    async def _sendings(self, row: VerificationRow) -> tuple[SendingView, ...]:
        """Oldest first."""
        wanted = AttemptFilter(verification=row.sid)
        attempts = await self._store.verification_attempts(row.account, wanted, limit=MAX_SENDINGS)
        return tuple([await self._sending(row, attempt) for attempt in reversed(attempts)])

    async def _sending(self, row: VerificationRow, attempt: VerificationAttemptRow) -> SendingView:
        if attempt.refusal is not None:
            return SendingView(attempt=attempt, row=None, code=attempt.refusal)
        if attempt.channel != "call":
            text = await self._store.message(row.account, attempt.sid)
            return SendingView(attempt=attempt, row=text, code=None if text is None else text.error_code)
        sid = call_sid(attempt.sid)
        call, steps = await self._store.call(row.account, sid), await self._store.steps(row.account, sid)
        code = None if call is None else call.error_code
        return SendingView(
            attempt=attempt,
            row=call,
            code=code or next((step.code for step in steps if step.kind == "error" and step.code), None),
            pressed=any(step.kind == "key" for step in steps) if await self._asks_for_a_key(row) else None,
        )

    async def _asks_for_a_key(self, row: VerificationRow) -> bool:
        service = await self._store.verify_row(row.account, "service", row.service)
        return service is not None and decode_verify_service(service.settings).dtmf_input_required


def _told(view: SendingView) -> Sending:
    return Sending(
        channel=view.attempt.channel,
        status="" if view.row is None else view.row.status.value,
        code=view.code,
        refused=view.attempt.refusal is not None,
        pressed=view.pressed,
    )

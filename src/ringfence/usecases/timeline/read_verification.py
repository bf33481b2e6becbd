"""How a verification went, read by its tenant: its status, and what became of each sending. No code is in it."""

import msgspec

from ringfence.domain.clock import Clock
from ringfence.domain.sealing.record import RecordSealer
from ringfence.domain.sealing.verification import open_verification
from ringfence.domain.verification import Attempt, Secret, Status, call_sid, status_at
from ringfence.ports.calls import CallRow
from ringfence.ports.keys import Caller, TenantKeys
from ringfence.ports.store import MessageRow, Store
from ringfence.ports.verifications import VerificationRow


class SendingView(msgspec.Struct, frozen=True, kw_only=True):
    """One sending, and the text or call that it is; None where that was refused or erased."""

    attempt: Attempt
    row: MessageRow | CallRow | None


class VerificationTimelineView(msgspec.Struct, frozen=True, kw_only=True):
    """`secret` is None where this credential opens no key of that hour; `status` is what holds now."""

    row: VerificationRow
    status: Status
    secret: Secret | None
    sendings: tuple[SendingView, ...]

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
        return VerificationTimelineView(
            row=row,
            status=status_at(row.status, row.expires_ms, self._clock.now_ms()),
            secret=None if key is None else open_verification(RecordSealer(key, account), sid, row.content),
            sendings=tuple([await self._sending(account, attempt) for attempt in row.attempts]),
        )

    async def _sending(self, account: str, attempt: Attempt) -> SendingView:
        if attempt.channel == "call":
            return SendingView(attempt=attempt, row=await self._store.call(account, call_sid(attempt.sid)))
        return SendingView(attempt=attempt, row=await self._store.message(account, attempt.sid))

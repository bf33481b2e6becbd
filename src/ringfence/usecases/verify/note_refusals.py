"""Write down a start that was refused: so that support finds out why, by the number or by the SID, without content."""

from ringfence.domain.errors import ApiError
from ringfence.domain.recipient import Recipient, address_of
from ringfence.domain.sealing.record import RecordSealer
from ringfence.domain.sealing.verification import seal_verification
from ringfence.domain.sid import new_sid
from ringfence.domain.verification import Attempt, Secret, Status
from ringfence.ports.keys import Caller, TenantKeys
from ringfence.ports.store import Store
from ringfence.ports.verification_attempts import VerificationAttemptRow
from ringfence.ports.verifications import VerificationRow
from ringfence.ports.verify_config import VerifyRow

TABLE = "verify_to"


class StartRefusedError(ApiError):
    """A start that is refused for what is known of the number, and written down. `why` holds no content."""

    def __init__(self, code: int, message: str | None = None, *, why: str = "") -> None:
        super().__init__(code, message)
        self.why = why


class RefusalNotes:
    """Writes refused attempts, each below its verification: the one that is pending, or a failed one of its own."""

    def __init__(self, store: Store, keys: TenantKeys) -> None:
        self._store = store
        self._keys = keys

    async def note(
        self, caller: Caller, service: VerifyRow, to: Recipient, attempt: Attempt, error: StartRefusedError
    ) -> str:
        """The SID of the verification that it is noted at."""
        account, address = service.account, address_of(to)
        (to_index,) = await self._keys.blind(account, TABLE, [f"{service.sid}|{address}"])
        held = await self._store.held_verification(account, service.sid, to_index, attempt.at_ms)
        failed: VerificationRow | None = None
        if held is None:
            held = failed = await self._failed(caller, service, to, to_index, attempt)
        await self._store.refuse_attempt(
            VerificationAttemptRow(
                account=account,
                sid=attempt.sid,
                verification=held.sid,
                service=service.sid,
                to_index=to_index,
                channel=attempt.channel,
                country=to.region,
                at_ms=attempt.at_ms,
                refusal=error.code,
                why=error.why,
            ),
            failed,
        )
        return held.sid

    async def _failed(
        self, caller: Caller, service: VerifyRow, to: Recipient, to_index: bytes, attempt: Attempt
    ) -> VerificationRow:
        sid = new_sid("VE", attempt.at_ms)
        sealing = await self._keys.sealing_key(caller, service.account)
        sealer = RecordSealer(sealing.epoch_key, service.account)
        return VerificationRow(
            account=service.account,
            sid=sid,
            service=service.sid,
            to_index=to_index,
            channel=attempt.channel,
            status=Status.FAILED,
            region=to.region,
            epoch=sealing.epoch,
            content=seal_verification(sealer, sid, Secret(to=address_of(to))),
            attempts=(),
            created_ms=attempt.at_ms,
            updated_ms=attempt.at_ms,
            expires_ms=attempt.at_ms,
        )

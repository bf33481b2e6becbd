"""Accept a call that brings a code: brake, seal, write. It is in no list of calls, and no program is told of it.

It hangs on its verification as a call's leg hangs on the call: by `parent_sid`.
"""

from ringfence.domain import magic_numbers
from ringfence.domain.call import Content, Direction, Status
from ringfence.domain.clock import Clock
from ringfence.domain.dialing.destination import rate_of
from ringfence.domain.errors import ApiError, describe
from ringfence.domain.sealing.blind_index import remote_index
from ringfence.domain.sealing.call import seal_call
from ringfence.domain.sealing.record import RecordSealer
from ringfence.domain.spoken_code import SpokenCode
from ringfence.domain.verification import call_sid
from ringfence.ports.calls import CallRow
from ringfence.ports.keys import Caller, TenantKeys
from ringfence.ports.store import Store
from ringfence.ports.verification_channels import Notice
from ringfence.ports.wake import Wake
from ringfence.usecases.retention.parts import retained_call
from ringfence.usecases.voice.brakes import BrakedError, Brakes

RING_S = 45
# Twice the longest code, in the slowest language, and the wait for a key.
TIME_LIMIT_S = 120
LOOKED_AT = 50
NO_SENDER = 60217


class CallChannel:
    """Implements `ports.verification_channels.CodeChannel`. `wake` rings the voice processes.

    With `stock_sender` an account without a number calls from the one that is nobody's.
    """

    def __init__(
        self,
        store: Store,
        keys: TenantKeys,
        clock: Clock,
        wake: Wake,
        *,
        stock_sender: bool,
        brakes: Brakes | None = None,
    ) -> None:
        self._stock_sender = stock_sender
        self._store = store
        self._keys = keys
        self._clock = clock
        self._wake = wake
        self._brakes = brakes or Brakes(store, clock)

    async def carry(self, caller: Caller, notice: Notice) -> None:
        """ApiError where a brake holds it; nothing is written then."""
        account, to = notice.account, notice.number
        try:
            await self._brakes.accept(account, to.e164)
        except BrakedError as error:
            raise ApiError(error.code, f"{describe(error.code)}: {error.cause}.") from None
        sender = await self._sender(account)
        code = SpokenCode(
            verification=notice.verification,
            service=notice.service,
            wordings=notice.wordings,
            voice=notice.voice,
            key_first=notice.key_first,
        )
        now_ms = self._clock.now_ms()
        sid = call_sid(notice.attempt)
        sealing = await self._keys.sealing_key(caller, account)
        content = Content(
            to=to.e164,
            sender=sender,
            timeout_s=RING_S,
            time_limit_s=TIME_LIMIT_S,
            send_digits=notice.send_digits,
            code=code,
        )
        row = CallRow(
            account=account,
            sid=sid,
            parent_sid=code.verification,
            direction=Direction.OUTBOUND_API,
            status=Status.QUEUED,
            local=sender,
            remote_index=remote_index(sealing.index_key, sealing.index_day, to.e164),
            remote_region=to.region,
            remote_prefix=to.calling_prefix,
            epoch=sealing.epoch,
            content=seal_call(RecordSealer(sealing.epoch_key, account), sid, content),
            created_ms=now_ms,
            updated_ms=now_ms,
            rate_micros=rate_of(Direction.OUTBOUND_API, to.e164, to.region),
        )
        await self._store.create_call(row, retained=retained_call(sealing.retention_of(sid), row, to.e164))
        self._wake.ring()

    async def _sender(self, account: str) -> str:
        """Among the account's newest numbers, one that can call."""
        rows = await self._store.numbers(account, limit=LOOKED_AT)
        own = next((row.number for row in rows if "voice" in row.capabilities), "")
        if not own and not self._stock_sender:
            raise ApiError(NO_SENDER, "Invalid Service configuration: the account has no number that can call")
        return own or magic_numbers.VALID_FROM

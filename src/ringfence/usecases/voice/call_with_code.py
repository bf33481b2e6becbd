"""Accept a call that brings a code: brake, seal, write. It is in no list of calls, and no program is told of it.

It hangs on its verification as a call's leg hangs on the call: by `parent_sid`.
"""

from ringfence.domain.call import Content, Direction, Status
from ringfence.domain.clock import Clock
from ringfence.domain.dialing.destination import rate_of
from ringfence.domain.errors import ApiError, describe
from ringfence.domain.number import Number
from ringfence.domain.sealing.blind_index import remote_index
from ringfence.domain.sealing.call import seal_call
from ringfence.domain.sealing.record import RecordSealer
from ringfence.domain.sid import new_sid
from ringfence.domain.spoken_code import SpokenCode
from ringfence.ports.calls import CallRow
from ringfence.ports.keys import Caller, TenantKeys
from ringfence.ports.store import Store
from ringfence.ports.wake import Wake
from ringfence.usecases.voice.brakes import BrakedError, Brakes

RING_S = 45
# Twice the longest code, in the slowest language, and the wait for a key.
TIME_LIMIT_S = 120
LOOKED_AT = 50


class CodeCaller:
    """Accepts calls that bring codes, for accounts whose credential is present. `wake` rings the voice processes."""

    def __init__(
        self, store: Store, keys: TenantKeys, clock: Clock, wake: Wake, *, brakes: Brakes | None = None
    ) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock
        self._wake = wake
        self._brakes = brakes or Brakes(store, clock)

    async def call(self, caller: Caller, account: str, to: Number, sender: str, code: SpokenCode) -> str:
        """The sid of the accepted call, durable. ApiError where a brake holds it; nothing is written then."""
        try:
            await self._brakes.accept(account, to.e164)
        except BrakedError as error:
            raise ApiError(error.code, f"{describe(error.code)}: {error.cause}.") from None
        now_ms = self._clock.now_ms()
        sid = new_sid("CA", now_ms)
        sealing = await self._keys.sealing_key(caller, account)
        content = Content(to=to.e164, sender=sender, timeout_s=RING_S, time_limit_s=TIME_LIMIT_S, code=code)
        row = CallRow(
            account=account,
            sid=sid,
            parent_sid=code.verification,
            direction=Direction.OUTBOUND_API,
            status=Status.QUEUED,
            local=sender,
            remote_index=remote_index(sealing.index_key, sealing.index_day, to.e164),
            remote_region=to.region,
            epoch=sealing.epoch,
            content=seal_call(RecordSealer(sealing.epoch_key, account), sid, content),
            created_ms=now_ms,
            updated_ms=now_ms,
            rate_micros=rate_of(Direction.OUTBOUND_API, to.e164, to.region),
        )
        await self._store.create_call(row)
        self._wake.ring()
        return sid

    async def sender(self, account: str) -> str:
        """A number of the account that can call: among its newest; "" where it has none."""
        numbers = await self._store.numbers(account, limit=LOOKED_AT)
        return next((row.number for row in numbers if "voice" in row.capabilities), "")

"""Accept a text that brings a code: seal its words, with a place for the code, and let the dispatcher fill it.

It is in no list of messages, and no program is told of it. Its SID is that of the attempt (VL…).
"""

from ringfence.domain import magic_numbers
from ringfence.domain.clock import Clock
from ringfence.domain.errors import ApiError
from ringfence.domain.message import Content, Direction, Status
from ringfence.domain.sealing.content import seal_content
from ringfence.domain.sealing.sealer_cache import SealerCache
from ringfence.domain.segments import segment
from ringfence.domain.written_code import WrittenCode
from ringfence.ports.keys import Caller, TenantKeys
from ringfence.ports.store import MessageRow, Store
from ringfence.ports.verification_channels import Notice
from ringfence.ports.wake import Wake
from ringfence.usecases.messaging.pool_sender import PoolSender
from ringfence.usecases.retention.parts import retained_text

NO_SENDER = 60217
LOOKED_AT = 50
FOUND_FOR_MS = 10_000


class TextChannel:
    """Implements `ports.verification_channels.CodeChannel`.

    With `stock_sender` an account without a number texts from the one that is nobody's: its programs need none with
    Twilio either.
    """

    def __init__(
        self, store: Store, keys: TenantKeys, clock: Clock, wake: Wake, *, carrier: str, stock_sender: bool
    ) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock
        self._wake = wake
        self._carrier = carrier
        self._stock_sender = stock_sender
        self._pools = PoolSender(store, keys, clock)
        self._sealers = SealerCache()
        self._found: dict[str, tuple[int, str]] = {}

    async def carry(self, caller: Caller, notice: Notice) -> None:
        await self.accept(caller, notice, await self._sender(notice), notice.number.e164)

    async def accept(self, caller: Caller, notice: Notice, sender: str, to: str) -> None:
        """From this sender to this address, both as the carrier knows them."""
        now_ms = self._clock.now_ms()
        words = f"{notice.opening}{notice.wordings[0].text}{notice.ending}"
        code = WrittenCode(verification=notice.verification, service=notice.service, words=words)
        sealing = await self._keys.sealing_key(caller, notice.account)
        content = Content(remote=to, body=code.dotted(), code=code)
        sealer = self._sealers.of(notice.account, sealing.epoch_key)
        row = MessageRow(
            account=notice.account,
            sid=notice.attempt,
            direction=Direction.OUTBOUND_API,
            status=Status.QUEUED,
            local=sender,
            remote_index=self._sealers.indexer(sealing.index_key, sealing.index_day).index(to),
            remote_region=notice.number.region,
            remote_prefix=notice.number.calling_prefix,
            epoch=sealing.epoch,
            content=seal_content(sealer, notice.attempt, content),
            num_segments=segment(code.with_code("0" * notice.code_length)).count,
            messaging_service_sid=notice.messaging_service or None,
            created_ms=now_ms,
            updated_ms=now_ms,
            due_ms=now_ms,
            valid_until_ms=notice.until_ms,
            carrier=self._carrier,
        )
        await self._store.accept(row, retained=retained_text(sealing.retention_of(row.sid), row, to))
        self._wake.ring()

    async def _sender(self, notice: Notice) -> str:
        if notice.messaging_service:
            service = await self._pools.service(notice.account, notice.messaging_service)
            return await self._pools.pick(service, notice.number, media=False)
        own = await self._own_number(notice.account)
        if not own and not self._stock_sender:
            raise ApiError(NO_SENDER, "Invalid Service configuration: the account has no number that can send texts")
        return own or magic_numbers.VALID_FROM

    async def _own_number(self, account: str) -> str:
        """Among the account's newest, the first that can text; remembered for seconds."""
        now_ms = self._clock.monotonic_ms()
        until_ms, number = self._found.get(account, (0, ""))
        if now_ms < until_ms:
            return number
        rows = await self._store.numbers(account, limit=LOOKED_AT)
        number = next((row.number for row in rows if "sms" in row.capabilities), "")
        if len(self._found) >= 10_000:
            self._found.clear()
        self._found[account] = now_ms + FOUND_FOR_MS, number
        return number

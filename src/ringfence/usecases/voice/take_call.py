"""A call that comes in: written down, and given the document of whom it is for."""

import structlog

from ringfence.domain.call import Content, Direction, Status
from ringfence.domain.dialing.destination import rate_of
from ringfence.domain.number import parse_e164
from ringfence.domain.sealing.call import seal_call_with
from ringfence.domain.sid import new_sid
from ringfence.ports.calls import CallRow
from ringfence.ports.keys import KeyRefusedError
from ringfence.ports.line import IncomingLine
from ringfence.ports.store import QueueFullError, StoreFailedError
from ringfence.usecases.retention.parts import retained_call
from ringfence.usecases.voice.call_record import CallRecord
from ringfence.usecases.voice.desk import Desk
from ringfence.usecases.voice.inbound_config import InboundConfig, InboundConfigs, NobodyHereError
from ringfence.usecases.voice.live_call import LiveCall
from ringfence.usecases.voice.live_calls import LiveCalls
from ringfence.usecases.voice.patience import patiently
from ringfence.usecases.voice.place_call import start_of

UNAVAILABLE = 503
STANDS_STILL = 480
NO_URL = 11100

_log = structlog.get_logger(__name__)


class CallTaker:
    """Takes calls that lines hand in."""

    def __init__(self, desk: Desk, live: LiveCalls, configs: InboundConfigs) -> None:
        self._desk = desk
        self._live = live
        self._configs = configs

    async def take(self, line: IncomingLine) -> None:
        """Take one, or turn it away."""
        try:
            config = await patiently(lambda: self._configs.of(line))
            if (await self._desk.halts.now()).stops(config.account):
                raise NobodyHereError(STANDS_STILL, "an account that is frozen")
            record = await self._recorded(config)
        except NobodyHereError as error:
            _log.info("call refused", kind=line.source, cause=str(error))
            line.refuse(error.sip_status)
        except (KeyRefusedError, ConnectionError, StoreFailedError, QueueFullError) as error:
            _log.warning("call refused", kind=line.source, error=type(error).__name__)
            line.refuse(UNAVAILABLE)
        else:
            self._live.begin(record, lambda call: self._begin(call, line))

    async def _begin(self, call: LiveCall, line: IncomingLine) -> None:
        call.leg.take(line)
        call.record.step("sip", "INVITE", fields=(("source", line.source), ("call_id", line.call_id)))
        call.leg.ring()
        content = call.record.content
        if not content.url:
            call.record.step("error", "no VoiceUrl is set for what was called", code=NO_URL)
            call.refuse("rejected")
            return
        call.script(start_of(content))

    async def _recorded(self, config: InboundConfig) -> CallRecord:
        now_ms = self._desk.clock.now_ms()
        sid = new_sid("CA", now_ms)
        key = await patiently(lambda: self._desk.keys.seal_record(config.account, sid, config.sender))
        content = Content(
            to=config.to,
            sender=config.sender,
            url=config.url,
            method=config.method,
            fallback_url=config.fallback_url,
            fallback_method=config.fallback_method,
            status_callback=config.status_callback,
            status_method=config.status_method,
            application_sid=config.application_sid,
        )
        caller = parse_e164(config.sender)
        row = CallRow(
            account=config.account,
            sid=sid,
            direction=Direction.INBOUND,
            status=Status.RINGING,
            local=config.local,
            remote_index=key.index,
            remote_region="" if caller is None else caller.region,
            remote_prefix="" if caller is None else caller.calling_prefix,
            epoch=key.epoch,
            content=seal_call_with(key.key, config.account, sid, content),
            phone_number_sid=config.phone_number_sid,
            created_ms=now_ms,
            updated_ms=now_ms,
            ringing_ms=now_ms,
            owner=self._desk.owner,
            rate_micros=rate_of(Direction.INBOUND, config.to, "" if caller is None else caller.region),
        )
        await self._desk.store.create_call(row, retained=retained_call(key.retention, row, config.sender))
        return CallRecord(self._desk, row, content, key.key)

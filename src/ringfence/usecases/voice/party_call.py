"""The calls that a Dial makes: their rows, their legs, and what their parties hear before they are joined."""

import asyncio
from collections.abc import Callable
from urllib.parse import parse_qsl

from ringfence.domain.call import Content, Direction, Status
from ringfence.domain.dialing.destination import rate_of
from ringfence.domain.number import parse_e164
from ringfence.domain.sealing.call import seal_call_with
from ringfence.domain.sid import new_sid
from ringfence.domain.twiml.voice_verbs import Party
from ringfence.ports.calls import CallRow
from ringfence.ports.keys import KeyRefusedError
from ringfence.ports.line import Destination, NoRouteError
from ringfence.usecases.retention.parts import retained_call
from ringfence.usecases.voice.brakes import GEO_PERMISSION, BrakedError
from ringfence.usecases.voice.call_record import CallRecord, insist, progress_events
from ringfence.usecases.voice.desk import Desk
from ringfence.usecases.voice.live_call import LiveCall
from ringfence.usecases.voice.live_calls import LiveCalls
from ringfence.usecases.voice.patience import patiently
from ringfence.usecases.voice.script import Start

NO_ROUTE = 13224
NOT_REGISTERED = 32009
NOT_OURS = 32214
NOT_PERMITTED = 13227
NOWHERE = 404
DIGIT_S = 0.25
WAIT_S = 0.5


class PartyCalls:
    """Rings parties for calls of this process, as calls of their own."""

    def __init__(self, desk: Desk, live: LiveCalls) -> None:
        self._desk = desk
        self._live = live

    async def ring(self, caller: LiveCall, party: Party, caller_id: str, time_limit_s: int) -> LiveCall | None:
        """Ring one party. None, which the caller's timeline explains, where there is nobody to be rung."""
        parent = caller.record
        destination = _destination(parent.account, party)
        if destination is None:
            parent.step("error", "a party's number is not valid", code=NO_ROUTE)
            return None
        record = await self._recorded(caller, party, destination, caller_id, time_limit_s)
        if record is None:
            return None
        call = self._live.begin(record, lambda call: self._dial_out(call, destination, caller_id, caller.sid))
        parent.step("verb", party.kind.capitalize(), fields=(("CallSid", record.sid),))
        return call

    def prepare(self, call: LiveCall, party: Party, ready: Callable[[], None]) -> None:
        """Let an answered party hear its keys and its document; `ready` is called where it then stays on the line."""
        if not party.send_digits and not party.url:
            ready()
            return
        self._live.tasks.start(self._prepare(call, party, ready), f"prepare {call.sid}")

    async def _prepare(self, call: LiveCall, party: Party, ready: Callable[[], None]) -> None:
        if party.send_digits:
            await send_keys(self._desk, call, party.send_digits)
        if party.url:
            await call.script(Start(url=party.url, method=party.method), guest=True)
            if not call.stays:
                return
        ready()

    async def _dial_out(self, call: LiveCall, destination: Destination, caller_id: str, beside: str) -> None:
        await dial_out(self._desk, call, destination, caller_id, beside=beside)

    async def _recorded(
        self, caller: LiveCall, party: Party, destination: Destination, caller_id: str, time_limit_s: int
    ) -> CallRecord | None:
        parent, now_ms = caller.record, self._desk.clock.now_ms()
        sid = new_sid("CA", now_ms)
        to = f"client:{destination.address}" if destination.kind == "client" else destination.address
        try:
            key = await patiently(lambda: self._desk.keys.seal_record(parent.account, sid, to))
        except (KeyRefusedError, ConnectionError):
            parent.step("error", "the call to a party has no key and was not made")
            return None
        callback = party.callback
        content = Content(
            to=to,
            sender=caller_id,
            status_callback=caller.documents.absolute(callback.url) if callback else "",
            status_method=callback.method if callback else "POST",
            status_events=callback.events if callback else (),
            time_limit_s=time_limit_s,
        )
        number = parse_e164(to) if destination.kind == "number" else None
        row = CallRow(
            account=parent.account,
            sid=sid,
            parent_sid=parent.sid,
            direction=Direction.OUTBOUND_DIAL,
            status=Status.QUEUED,
            local=parent.row.local,
            remote_index=key.index,
            remote_region=number.region if number is not None else "",
            remote_prefix=number.calling_prefix if number is not None else "",
            epoch=key.epoch,
            content=seal_call_with(key.key, parent.account, sid, content),
            phone_number_sid=parent.row.phone_number_sid,
            created_ms=now_ms,
            updated_ms=now_ms,
            owner=self._desk.owner,
            rate_micros=rate_of(Direction.OUTBOUND_DIAL, to, number.region if number is not None else ""),
        )
        events = progress_events(content, Status.QUEUED, now_ms)
        retained = retained_call(key.retention, row, to)
        await insist(lambda: self._desk.store.create_call(row, events, retained))
        return CallRecord(self._desk, row, content, key.key)


async def dial_out(desk: Desk, call: LiveCall, destination: Destination, caller_id: str, *, beside: str = "") -> None:
    """Send the INVITE; where there is no way to go, or a brake holds it, the call fails."""
    try:
        address = destination.address if destination.kind == "number" else ""
        await insist(lambda: desk.brakes.let_out(call.account, call.sid, address))
        routes = await desk.lines.routes(destination)
    except BrakedError as error:
        code = error.code
        if code == GEO_PERMISSION and call.record.row.direction is Direction.OUTBOUND_DIAL:
            code = NOT_PERMITTED
        call.record.step("error", error.cause, code=code)
        call.give_up(Status.FAILED, error_code=code)
        return
    except NoRouteError as error:
        if desk.unheld_rings and destination.kind == "number" and error.sip_status == NOWHERE:
            call.record.step("sip", "it rings: no phone of this number is open")
            await call.record.move(Status.RINGING)
            return
        code = {480: NOT_REGISTERED, 403: NOT_OURS}.get(error.sip_status, NO_ROUTE)
        call.record.step("error", str(error), code=code)
        outcome = Status.NO_ANSWER if error.sip_status == 480 else Status.FAILED
        call.give_up(outcome, error_code=None if outcome is Status.NO_ANSWER else code)
        return
    await call.leg.call(routes, destination, caller_id, beside=beside)


async def send_keys(desk: Desk, call: LiveCall, digits: str) -> None:
    """Press keys on an answered call, and return when they are through."""
    try:
        await desk.media.press(call.sid, digits.replace("W", "ww"))
    except ConnectionError:
        # The leg ends with its worker.
        return
    waits = sum(WAIT_S if digit == "w" else 2 * WAIT_S if digit == "W" else DIGIT_S for digit in digits)
    await asyncio.sleep(waits)


def _destination(account: str, party: Party) -> Destination | None:
    if party.kind == "number":
        number = parse_e164(party.address)
        return None if number is None else Destination(account=account, kind="number", address=number.e164)
    more = tuple((f"X-{name}", value) for name, value in party.parameters)
    if party.kind == "client":
        return Destination(account=account, kind="client", address=party.address, headers=more)
    address, _, query = party.address.partition("?")
    headers = tuple((name, value) for name, value in parse_qsl(query) if name.lower().startswith("x-"))
    return Destination(
        account=account,
        kind="sip",
        address=address,
        username=party.username,
        password=party.password,
        headers=headers,
    )

"""A call that a program asked for: taken from the store, rung, and given its document when it is answered."""

from ringfence.domain.call import Content, Status
from ringfence.domain.number import parse_e164
from ringfence.domain.sealing.call import open_call_with
from ringfence.ports.calls import CallRow
from ringfence.ports.line import Destination
from ringfence.usecases.voice.call_record import CallRecord
from ringfence.usecases.voice.desk import Desk
from ringfence.usecases.voice.leg import Answered, LegEvent, Pressed
from ringfence.usecases.voice.live_call import LiveCall
from ringfence.usecases.voice.live_calls import LiveCalls
from ringfence.usecases.voice.party_call import dial_out, send_keys
from ringfence.usecases.voice.say_code import CodeSaying
from ringfence.usecases.voice.script import Start


class CallPlacer:
    """Places calls that this process owns."""

    def __init__(self, desk: Desk, live: LiveCalls) -> None:
        self._desk = desk
        self._live = live

    def place(self, row: CallRow, key: bytes) -> None:
        """Ring it. UnsealError where `key` does not open its content."""
        content = open_call_with(key, row.account, row.sid, row.content)
        self._live.begin(CallRecord(self._desk, row, content, key), self._begin)

    async def _begin(self, call: LiveCall) -> None:
        content = call.record.content
        saying = None if content.code is None else CodeSaying(self._desk, call, content.code)

        def happened(event: LegEvent) -> None:
            match event:
                case Answered():
                    self._live.tasks.start(self._answered(call, content, saying), f"answered {call.sid}")
                case Pressed() if saying is not None:
                    self._live.tasks.start(saying.pressed(), f"code {call.sid}")

        call.watch = happened
        call.ring_until(content.timeout_s)
        destination = destination_of(call.account, content)
        if destination is None:
            call.give_up(Status.FAILED, "the number is not valid")
            return
        await dial_out(self._desk, call, destination, content.sender)

    async def _answered(self, call: LiveCall, content: Content, saying: CodeSaying | None) -> None:
        if content.send_digits:
            await send_keys(self._desk, call, content.send_digits)
        if saying is None:
            call.script(start_of(content))
        else:
            await saying.answered()


def start_of(content: Content) -> Start:
    """Where a call's document comes from."""
    return Start(twiml=content.twiml, url=content.url, method="GET" if content.method == "GET" else "POST")


def destination_of(account: str, content: Content) -> Destination | None:
    """Whom a call is for; None for what cannot be called."""
    if content.to.startswith("client:"):
        return Destination(account=account, kind="client", address=content.to.removeprefix("client:"))
    if content.to.lower().startswith(("sip:", "sips:")):
        return Destination(
            account=account,
            kind="sip",
            address=content.to,
            username=content.sip_username,
            password=content.sip_password,
        )
    number = parse_e164(content.to)
    return None if number is None else Destination(account=account, kind="number", address=number.e164)

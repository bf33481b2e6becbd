"""The calls that this process runs now, by SID, and the tasks that they live in."""

from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from ringfence.domain.twiml.voice_verbs import Dial
from ringfence.ports.calls import CallOrder
from ringfence.usecases.voice.call_record import CallRecord
from ringfence.usecases.voice.desk import Desk
from ringfence.usecases.voice.live_call import LiveCall
from ringfence.usecases.voice.owned_tasks import OwnedTasks
from ringfence.usecases.voice.script import Dialer


class LiveCalls:
    """Begins calls and finds them. `make_dialer` runs their Dials; it is set by whoever composes the two."""

    def __init__(self, desk: Desk) -> None:
        self.tasks = OwnedTasks()
        self.make_dialer: Callable[[LiveCall, Dial, int], Dialer]
        self._desk = desk
        self._calls: dict[str, LiveCall] = {}

    def __len__(self) -> int:
        return len(self._calls)

    def __iter__(self) -> Iterator[LiveCall]:
        return iter(list(self._calls.values()))

    def begin(self, record: CallRecord, begin: Callable[[LiveCall], Coroutine[Any, Any, None]]) -> LiveCall:
        """A new call, which lives from now on."""
        call = LiveCall(self._desk, record, lambda host, verb, token: self.make_dialer(host, verb, token))
        self._calls[record.sid] = call
        self.tasks.start(self._live(call, begin(call)), f"call {record.sid}")
        return call

    async def order(self, order: CallOrder) -> None:
        """Hand an order to its call; one whose call is over is dropped."""
        call = self._calls.get(order.call_sid)
        if call is not None and call.account == order.account:
            await call.order(order)

    async def _live(self, call: LiveCall, begin: Coroutine[Any, Any, None]) -> None:
        try:
            await call.run(begin)
        finally:
            self._calls.pop(call.sid, None)

"""The four transactions of SIP as state machines: messages and time go in, what to do comes out.

Nothing here reads a clock or a socket: whoever owns a transaction passes the time, asks `due_ms` when to come back and
calls `tick` then. INVITE transactions have the Accepted state of RFC 6026, so that a repeated 200 and its ACK belong to
the call and not to a vanished transaction.

Source: RFC 3261, section 17; RFC 6026.
"""

from enum import Enum

import msgspec

from ringfence.carriers.sip.headers import Headers
from ringfence.carriers.sip.message import Message, Request, Response, respond

T1_MS = 500
T2_MS = 4_000
T4_MS = 5_000
# Timer D of an unreliable transport: at least 32 s.
TIMER_D_MS = 32_000
LIFE_MS = 64 * T1_MS


class State(Enum):
    """Where a transaction stands."""

    CALLING = "calling"
    TRYING = "trying"
    PROCEEDING = "proceeding"
    ACCEPTED = "accepted"
    COMPLETED = "completed"
    CONFIRMED = "confirmed"
    TERMINATED = "terminated"


class Send(msgspec.Struct, frozen=True):
    """Put this message on the wire, over the transaction's own transport."""

    message: Message


class Pass(msgspec.Struct, frozen=True):
    """Give this message to the call it belongs to."""

    message: Message


class TimedOut(msgspec.Struct, frozen=True):
    """The other end never answered, or never acknowledged."""


class Ended(msgspec.Struct, frozen=True):
    """The transaction is over: forget it."""


Effect = Send | Pass | TimedOut | Ended


class Transaction:
    """What the four have in common: a state and up to two timers, one that repeats and one that ends a state."""

    def __init__(self, request: Request, *, reliable: bool, state: State) -> None:
        self.request = request
        self.reliable = reliable
        self.state = state
        self._again_ms: float | None = None
        self._interval_ms = 0.0
        self._end_ms: float | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.request.method}, {self.state.value})"

    @property
    def due_ms(self) -> float | None:
        """When `tick` has something to do, or None."""
        times = [time for time in (self._again_ms, self._end_ms) if time is not None]
        return min(times) if times else None

    def tick(self, now_ms: float) -> list[Effect]:
        """Do what is due at `now_ms`."""
        if self._end_ms is not None and now_ms >= self._end_ms:
            return self._out_of_time()
        if self._again_ms is not None and now_ms >= self._again_ms:
            self._interval_ms = self._next_interval()
            self._again_ms = now_ms + self._interval_ms
            return self._repeat()
        return []

    def fail(self) -> list[Effect]:
        """The transport cannot carry this: the same as no answer (RFC 3261, sections 17.1.4 and 17.2.4)."""
        if self.state is State.TERMINATED:
            return []
        return [TimedOut(), *self._terminate()]

    def _repeat_after(self, now_ms: float, interval_ms: float) -> None:
        self._interval_ms = interval_ms
        self._again_ms = None if self.reliable else now_ms + interval_ms

    def _enter(self, state: State, now_ms: float, *, for_ms: float) -> list[Effect]:
        """Move on, without repeats, to a state that ends by itself; at once where it has nothing to wait for."""
        self.state = state
        self._again_ms = None
        self._end_ms = now_ms + for_ms
        return self._terminate() if for_ms == 0 else []

    def _terminate(self) -> list[Effect]:
        self.state = State.TERMINATED
        self._again_ms = self._end_ms = None
        return [Ended()]

    def _next_interval(self) -> float:
        return min(self._interval_ms * 2, T2_MS)

    def _repeat(self) -> list[Effect]:
        return [Send(self.request)]

    def _out_of_time(self) -> list[Effect]:
        waiting = self.state in {State.CALLING, State.TRYING, State.PROCEEDING}
        return [TimedOut(), *self._terminate()] if waiting else self._terminate()


class InviteClient(Transaction):
    """An INVITE that we sent (section 17.1.1). Every 2xx is passed: its ACK is the dialog's to send."""

    def __init__(self, request: Request, *, reliable: bool) -> None:
        super().__init__(request, reliable=reliable, state=State.CALLING)
        self._ack: Request | None = None

    def start(self, now_ms: float) -> list[Effect]:
        """Send the request and begin to wait (timers A and B)."""
        self._repeat_after(now_ms, T1_MS)
        self._end_ms = now_ms + LIFE_MS
        return [Send(self.request)]

    def receive(self, response: Response, now_ms: float) -> list[Effect]:
        """Take a response to it."""
        if self.state in {State.CALLING, State.PROCEEDING}:
            return self._take(response, now_ms)
        if self.state is State.ACCEPTED and 200 <= response.status < 300:
            return [Pass(response)]
        if self.state is State.COMPLETED and response.status >= 300 and self._ack is not None:
            return [Send(self._ack)]
        return []

    def _take(self, response: Response, now_ms: float) -> list[Effect]:
        if response.status < 200:
            self.state = State.PROCEEDING
            self._again_ms = self._end_ms = None
            return [Pass(response)]
        if response.status < 300:
            return [Pass(response), *self._enter(State.ACCEPTED, now_ms, for_ms=LIFE_MS)]
        self._ack = acknowledge(self.request, response)
        ended = self._enter(State.COMPLETED, now_ms, for_ms=0 if self.reliable else TIMER_D_MS)
        return [Send(self._ack), Pass(response), *ended]

    def _next_interval(self) -> float:
        return self._interval_ms * 2


class Client(Transaction):
    """Any other request that we sent (section 17.1.2)."""

    def __init__(self, request: Request, *, reliable: bool) -> None:
        super().__init__(request, reliable=reliable, state=State.TRYING)

    def start(self, now_ms: float) -> list[Effect]:
        """Send the request and begin to wait (timers E and F)."""
        self._repeat_after(now_ms, T1_MS)
        self._end_ms = now_ms + LIFE_MS
        return [Send(self.request)]

    def receive(self, response: Response, now_ms: float) -> list[Effect]:
        """Take a response to it."""
        if self.state not in {State.TRYING, State.PROCEEDING}:
            return []
        if response.status < 200:
            if self.state is State.TRYING:
                self.state = State.PROCEEDING
                self._repeat_after(now_ms, T2_MS)
            return [Pass(response)]
        return [Pass(response), *self._enter(State.COMPLETED, now_ms, for_ms=0 if self.reliable else T4_MS)]


class InviteServer(Transaction):
    """An INVITE that came in (section 17.2.1)."""

    def __init__(self, request: Request, *, reliable: bool) -> None:
        super().__init__(request, reliable=reliable, state=State.PROCEEDING)
        self._last: Response | None = None

    def start(self, now_ms: float) -> list[Effect]:
        """Say 100 at once, so that the sender stops repeating itself, and pass the request on."""
        return [*self.respond(respond(self.request, 100), now_ms), Pass(self.request)]

    def receive(self, request: Request, now_ms: float) -> list[Effect]:
        """Take the INVITE again, or the ACK."""
        if request.method == "ACK":
            return self._acknowledged(request, now_ms)
        if self.state in {State.PROCEEDING, State.COMPLETED} and self._last is not None:
            return [Send(self._last)]
        return []

    def respond(self, response: Response, now_ms: float) -> list[Effect]:
        """Answer. A 2xx may be given again as often as the dialog repeats it; nothing else follows a final answer."""
        if self.state is State.ACCEPTED and 200 <= response.status < 300:
            return [Send(response)]
        if self.state is not State.PROCEEDING:
            return []
        self._last = response
        if response.status < 200:
            return [Send(response)]
        if response.status < 300:
            return [Send(response), *self._enter(State.ACCEPTED, now_ms, for_ms=LIFE_MS)]
        self._enter(State.COMPLETED, now_ms, for_ms=LIFE_MS)
        self._repeat_after(now_ms, T1_MS)
        return [Send(response)]

    def _acknowledged(self, request: Request, now_ms: float) -> list[Effect]:
        if self.state is State.ACCEPTED:
            return [Pass(request)]
        if self.state is State.COMPLETED:
            return self._enter(State.CONFIRMED, now_ms, for_ms=0 if self.reliable else T4_MS)
        return []

    def _repeat(self) -> list[Effect]:
        return [Send(self._last)] if self._last is not None else []

    def _out_of_time(self) -> list[Effect]:
        return [TimedOut(), *self._terminate()] if self.state is State.COMPLETED else self._terminate()


class Server(Transaction):
    """Any other request that came in (section 17.2.2)."""

    def __init__(self, request: Request, *, reliable: bool) -> None:
        super().__init__(request, reliable=reliable, state=State.TRYING)
        self._last: Response | None = None

    def start(self, now_ms: float) -> list[Effect]:
        """Pass the request on."""
        return [Pass(self.request)]

    def receive(self, request: Request, now_ms: float) -> list[Effect]:
        """Take the request again: the last answer is repeated."""
        return [Send(self._last)] if self._last is not None and self.state is not State.TERMINATED else []

    def respond(self, response: Response, now_ms: float) -> list[Effect]:
        """Answer; nothing follows a final answer."""
        if self.state not in {State.TRYING, State.PROCEEDING}:
            return []
        self._last = response
        if response.status < 200:
            self.state = State.PROCEEDING
            return [Send(response)]
        return [Send(response), *self._enter(State.COMPLETED, now_ms, for_ms=0 if self.reliable else LIFE_MS)]


def acknowledge(invite: Request, response: Response) -> Request:
    """The ACK that a client transaction sends for a final answer other than 2xx (section 17.1.1.3)."""
    headers = _of_the_same_road(invite)
    headers.add("to", response.headers.get("to") or "")
    headers.add("cseq", f"{invite.cseq[0]} ACK")
    return Request("ACK", invite.uri, headers)


def cancel(invite: Request) -> Request:
    """The CANCEL of an INVITE that has had a provisional answer (section 9.1)."""
    headers = _of_the_same_road(invite)
    headers.add("to", invite.headers.get("to") or "")
    headers.add("cseq", f"{invite.cseq[0]} CANCEL")
    return Request("CANCEL", invite.uri, headers)


def client_key(message: Message) -> tuple[str, str]:
    """What a response finds its client transaction by: branch and method (section 17.1.3)."""
    return message.via.parameter("branch") or "", message.cseq[1]


def server_key(request: Request, *, method: str | None = None) -> tuple[str, ...]:
    """What a request finds its server transaction by (section 17.2.3); an ACK finds the INVITE's.

    Without a branch of RFC 3261 the fields of RFC 2543 decide. `method` asks for another's key on the same road: the
    INVITE that a CANCEL means.
    """
    via = request.via
    known = method or ("INVITE" if request.method == "ACK" else request.method)
    if via.branch is not None:
        return via.branch, via.host, str(via.port or ""), known
    return str(via), request.call_id, request.from_.tag or "", str(request.cseq[0]), known


def _of_the_same_road(invite: Request) -> Headers:
    headers = Headers()
    headers.add("via", str(invite.via))
    for route in invite.headers.get_all("route"):
        headers.add("route", route)
    headers.add("max-forwards", "70")
    headers.add("from", invite.headers.get("from") or "")
    headers.add("call-id", invite.call_id)
    return headers

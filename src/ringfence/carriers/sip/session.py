"""A call over SIP from its INVITE to its BYE, whichever end makes it.

It answers for what an INVITE needs beyond its transaction: the repeated 200 and its ACK, provisional answers that must
arrive (100rel), a second answer after a fork, changes inside the call and the refresher that finds a dead peer. It
knows no media: descriptions pass through as bytes.

Source: RFC 3261, sections 13–15; RFC 3262 (100rel); RFC 3311 (UPDATE); RFC 4028 (session timers); RFC 3515 (REFER).
"""

from collections.abc import Callable
from enum import Enum
from typing import Protocol

from ringfence.carriers.sip.address import Address, parse_address
from ringfence.carriers.sip.dialog import Dialog, OutOfOrderError
from ringfence.carriers.sip.endpoint import Endpoint, Incoming, Outgoing
from ringfence.carriers.sip.flow import Flow
from ringfence.carriers.sip.grammar import MalformedError
from ringfence.carriers.sip.message import Request, Response, respond
from ringfence.carriers.sip.session_timer import SessionTimer, parse_session_expires
from ringfence.carriers.sip.uri import Uri

SDP = "application/sdp"
ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, PRACK, REFER, NOTIFY"
SUPPORTED = "100rel, timer"
# Option tags that a peer may require of us.
EXTENSIONS = frozenset({"100rel", "timer"})


class State(Enum):
    """Where a call stands."""

    CALLING = "calling"
    RINGING = "ringing"
    ANSWERED = "answered"
    TALKING = "talking"
    ENDED = "ended"


class Listener(Protocol):
    """Who is told of a call. Every call that begins ends once, with `ended`."""

    def ringing(self, status: int, description: bytes) -> None:
        """The other end rings; with a description there is early media."""

    def answered(self, description: bytes) -> None:
        """The other end has answered, with its description; or has acknowledged ours, with b"" or a late answer."""

    def offered(self, description: bytes) -> bytes:
        """The other end wants the session changed (hold, another address): our answer, or b"" to refuse with 488."""

    def pressed(self, content_type: str, body: bytes) -> None:
        """The other end sent INFO: keys, as some phones send them."""

    def referred(self, target: Uri) -> bool:
        """The other end asks to be connected with somebody else (REFER): whether that is taken on."""

    def ended(self, status: int) -> None:
        """The call is over: 200 after talking, 487 when it was called back, 408 for no answer, else why it failed."""


class Session:
    """What both directions have in common once there is a dialog. `over` is called as it ends, before the listener.

    `steer` says over which flow requests inside the dialog go, where that may be another than the one it began on.
    """

    def __init__(self, endpoint: Endpoint, flow: Flow, listener: Listener, *, contact: Address) -> None:
        self.state = State.CALLING
        self.dialog: Dialog | None = None
        self.over: Callable[[], None] = _nothing
        self.steer: Callable[[Dialog, Flow], Flow] = lambda dialog, flow: flow
        self._endpoint = endpoint
        self._flow = flow
        self._listener = listener
        self._contact = contact
        self._changing: Outgoing | None = None
        self._timer = SessionTimer(self._refresh, self._expired)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.state.value})"

    @property
    def peer_host(self) -> str:
        """Where the other end's messages come from."""
        return self._flow.remote[0]

    def hang_up(self) -> None:
        """End the call, whatever its state. Idempotent."""
        if self.state is State.TALKING or self.state is State.ANSWERED:
            self._send("BYE", lambda _: None)
            self._end(200)

    def lose(self) -> None:
        """The only way to the other end is gone: the call is over."""
        self._end(200 if self.state in {State.ANSWERED, State.TALKING} else 480)

    def change(self, description: bytes) -> bool:
        """Offer another description (hold, another address). False while a change is under way, or there is no call.

        The answer comes by `answered`; a refusal leaves the session as it was.
        """
        if self.state is not State.TALKING or self._changing is not None or self.dialog is None:
            return False
        request = self._in_dialog("INVITE").set_body(description, SDP)
        sequence = request.cseq[0]

        def answered(response: Response | None) -> None:
            self._changed(sequence, response)

        self._changing = self._endpoint.request(request, self._flow, answered)
        return True

    def take(self, incoming: Incoming) -> None:
        """Take a request inside the dialog."""
        request = incoming.request
        if self.dialog is None or self.state is State.ENDED:
            incoming.respond(respond(request, 481))
            return
        try:
            self.dialog.take(request)
        except OutOfOrderError:
            incoming.respond(respond(request, 500))
            return
        if incoming.flow.reliable:
            # A connection may have been opened anew: the other end is reached over the one that it uses.
            self._flow = incoming.flow
        match request.method:
            case "BYE":
                incoming.respond(respond(request, 200))
                self._end(200)
            case "INVITE" | "UPDATE":
                self._offered(incoming)
            case "INFO":
                incoming.respond(respond(request, 200))
                self._listener.pressed(request.content_type, request.body)
            case "REFER":
                self._referred(incoming)
            case "OPTIONS" | "NOTIFY":
                incoming.respond(self._described(respond(request, 200)))
            case "PRACK":
                incoming.respond(respond(request, 200 if self._acknowledges(request) else 481))
            case _:
                refused = respond(request, 405)
                refused.headers.add("allow", ALLOW)
                incoming.respond(refused)

    def acknowledged(self, request: Request) -> None:
        """Take the ACK of a 2xx."""

    def stray(self, response: Response) -> None:
        """Take a 2xx whose transaction is over."""

    def _acknowledges(self, request: Request) -> bool:
        return False

    def _offered(self, incoming: Incoming) -> None:
        request = incoming.request
        if self._changing is not None:
            # Both ends change at once: each tries again after a while of its own (RFC 3261, section 14.2).
            incoming.respond(respond(request, 491))
            return
        answer = b""
        if request.body:
            answer = self._listener.offered(request.body)
            if not answer:
                incoming.respond(respond(request, 488))
                return
        response = self._described(respond(request, 200))
        self._agree_on_timer(request, response)
        if answer:
            response.set_body(answer, SDP)
        incoming.respond(response)

    def _referred(self, incoming: Incoming) -> None:
        try:
            target = parse_address(incoming.request.headers.single("refer-to") or "").uri
        except MalformedError:
            incoming.respond(respond(incoming.request, 400))
            return
        incoming.respond(respond(incoming.request, 202 if self._listener.referred(target) else 603))

    def _changed(self, sequence: int, response: Response | None) -> None:
        if response is not None and response.status < 200:
            return
        self._changing = None
        if response is None or response.status in {408, 481}:
            # The other end knows nothing of this call any more (section 14.1).
            self._end(408 if response is None else response.status)
            return
        if response.status >= 300 or self.dialog is None:
            return
        self.dialog.refresh_target(response)
        self._endpoint.send(self.dialog.ack(sequence), self._flow)
        self._timer.heard()
        if response.body:
            self._listener.answered(response.body)

    def _refresh(self) -> None:
        """Say that this end still lives; no answer means that the other does not."""

        def answered(response: Response | None) -> None:
            if response is None or response.status in {408, 481}:
                self._end(408 if response is None else response.status)
            elif response.status >= 200:
                self._timer.heard()

        if self.state is State.TALKING:
            request = self._in_dialog("UPDATE")
            request.headers.add("session-expires", f"{self._timer.interval_s};refresher=uac")
            self._endpoint.request(request, self._flow, answered)

    def _expired(self) -> None:
        """The other end did not refresh: it is gone, and is told so in case it is not."""
        if self.state is State.TALKING:
            self._send("BYE", lambda _: None)
            self._end(408)

    def _agree_on_timer(self, request: Request, response: Response) -> None:
        """Take on the session timer that a request asks for; the end that can will refresh."""
        interval = parse_session_expires(request)
        if interval is None:
            return
        refresher = interval.refresher or "uac"
        self._timer.start(interval.interval_s, refreshing=refresher == "uas")
        response.headers.add("session-expires", f"{interval.interval_s};refresher={refresher}")
        if refresher == "uac":
            response.headers.add("require", "timer")

    def _steered(self) -> None:
        """The dialog has its route now."""
        if self.dialog is not None:
            self._flow = self.steer(self.dialog, self._flow)

    def _send(self, method: str, answered: Callable[[Response | None], None]) -> None:
        self._endpoint.request(self._in_dialog(method), self._flow, answered)

    def _in_dialog(self, method: str) -> Request:
        if self.dialog is None:
            raise RuntimeError("no dialog yet")
        request = self.dialog.request(method)
        if method in {"INVITE", "UPDATE", "REFER"}:
            request.headers.add("contact", str(self._contact))
            request.headers.add("supported", SUPPORTED)
        return request

    def _described(self, response: Response) -> Response:
        response.headers.add("contact", str(self._contact))
        response.headers.add("allow", ALLOW)
        response.headers.add("supported", SUPPORTED)
        return response

    def _end(self, status: int) -> None:
        if self.state is State.ENDED:
            return
        self.state = State.ENDED
        self._timer.end()
        over, self.over = self.over, _nothing
        over()
        self._listener.ended(status)


def _nothing() -> None:
    return

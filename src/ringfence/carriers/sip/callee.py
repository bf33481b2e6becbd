"""The call that comes in: rung, answered or refused, and its 200 repeated until it is acknowledged.

Source: RFC 3261, sections 13.3 and 9.2; RFC 4028.
"""

import asyncio
import secrets
from collections.abc import Sequence

from ringfence.carriers.sip.address import Address
from ringfence.carriers.sip.dialog import Dialog
from ringfence.carriers.sip.endpoint import Endpoint, Incoming
from ringfence.carriers.sip.message import Request, Response, respond
from ringfence.carriers.sip.session import SDP, Listener, Session, State
from ringfence.carriers.sip.session_timer import MIN_INTERVAL_S, parse_session_expires
from ringfence.carriers.sip.transaction import LIFE_MS, T1_MS, T2_MS


class IncomingCall(Session):
    """A call to us. MalformedError where the INVITE makes no dialog."""

    def __init__(self, endpoint: Endpoint, incoming: Incoming, listener: Listener, *, contact: Address) -> None:
        super().__init__(endpoint, incoming.flow, listener, contact=contact)
        self.request = incoming.request
        self.call_id = incoming.request.call_id
        self._incoming = incoming
        self.tag = secrets.token_hex(8)
        self._repeat: asyncio.TimerHandle | None = None
        self.dialog = Dialog.answered(self.request, respond(self.request, 180, tag=self.tag))
        incoming.cancelled = self._cancelled

    @property
    def offer(self) -> bytes:
        """The caller's description; b"" leaves the offer to our answer."""
        return self.request.body

    def ring(self, description: bytes = b"", *, status: int = 180, more: Sequence[tuple[str, str]] = ()) -> None:
        """Say that it rings; with a description (and status 183) there is early media. `more` are further headers."""
        if self.state not in {State.CALLING, State.RINGING}:
            return
        self.state = State.RINGING
        response = self._described(respond(self.request, status, tag=self.tag))
        for name, value in more:
            response.headers.add(name, value)
        if description:
            response.set_body(description, SDP)
        self._incoming.respond(response)

    def answer(self, description: bytes) -> None:
        """Answer; `answered` follows when the caller has acknowledged it. A caller that asks too short a timer: 422."""
        if self.state not in {State.CALLING, State.RINGING} or self.dialog is None:
            return
        interval = parse_session_expires(self.request)
        if interval is not None and interval.interval_s < MIN_INTERVAL_S:
            self.refuse(422)
            return
        response = self._described(respond(self.request, 200, tag=self.tag)).set_body(description, SDP)
        self._agree_on_timer(self.request, response)
        self.dialog.confirmed = True
        self._steered()
        self.state = State.ANSWERED
        self._send_again(response, T1_MS, asyncio.get_running_loop().time() * 1_000 + LIFE_MS)

    def refuse(self, status: int) -> None:
        """Turn the call away with a final status."""
        if self.state in {State.CALLING, State.RINGING}:
            response = respond(self.request, status, tag=self.tag)
            if status == 422:
                response.headers.add("min-se", str(MIN_INTERVAL_S))
            self._incoming.respond(response)
            self._end(status)

    def hang_up(self) -> None:
        """End the call; one that was not answered yet is refused with 603. Idempotent."""
        if self.state in {State.CALLING, State.RINGING}:
            self.refuse(603)
            return
        super().hang_up()

    def acknowledged(self, request: Request) -> None:
        """The caller has our answer."""
        if self.state is State.ANSWERED:
            self.state = State.TALKING
            self._stop_repeating()
            self._listener.answered(request.body)

    def _cancelled(self) -> None:
        self.refuse(487)

    def _send_again(self, response: Response, interval_ms: float, end_ms: float) -> None:
        """The 200 is the call's to repeat until its ACK comes, over any transport (section 13.3.1.4)."""
        self._incoming.respond(response)
        loop = asyncio.get_running_loop()
        if loop.time() * 1_000 >= end_ms:
            self._send("BYE", lambda _: None)
            self._end(408)
            return
        longer = min(interval_ms * 2, T2_MS)
        self._repeat = loop.call_later(interval_ms / 1_000, self._send_again, response, longer, end_ms)

    def _stop_repeating(self) -> None:
        if self._repeat is not None:
            self._repeat.cancel()
            self._repeat = None

    def _end(self, status: int) -> None:
        self._stop_repeating()
        self._incoming.cancelled = None
        super()._end(status)

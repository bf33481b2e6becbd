"""The call that we make: an INVITE, its answers, and what follows from each.

Source: RFC 3261, sections 13.2 and 22; RFC 3262; RFC 4028.
"""

import secrets
from collections.abc import Iterable

from ringfence.carriers.sip.address import Address
from ringfence.carriers.sip.dialog import Dialog
from ringfence.carriers.sip.endpoint import Endpoint, Outgoing
from ringfence.carriers.sip.flow import Flow
from ringfence.carriers.sip.grammar import MalformedError, parse_number
from ringfence.carriers.sip.headers import Headers
from ringfence.carriers.sip.login import Login
from ringfence.carriers.sip.message import MAX_CSEQ, Request, Response
from ringfence.carriers.sip.session import ALLOW, SDP, SUPPORTED, Listener, Session, State
from ringfence.carriers.sip.session_timer import DEFAULT_INTERVAL_S, MIN_INTERVAL_S, parse_session_expires
from ringfence.carriers.sip.uri import Uri

MAX_CHALLENGES = 2


class OutgoingCall(Session):
    """A call to `target`. `start` sends the INVITE; `hang_up` calls it back or ends it.

    `heard` tells whether any answer came at all.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        flow: Flow,
        listener: Listener,
        *,
        target: Uri,
        caller: Address,
        called: Address,
        contact: Address,
        offer: bytes,
        login: Login | None = None,
        more: Iterable[tuple[str, str]] = (),
        session_interval_s: int = DEFAULT_INTERVAL_S,
        call_id: str = "",
    ) -> None:
        super().__init__(endpoint, flow, listener, contact=contact)
        self.call_id = call_id or secrets.token_hex(16)
        self.heard = False
        self.tag = secrets.token_hex(8)
        self._target = target
        self._caller = caller.with_tag(self.tag)
        self._called = called
        self._offer = offer
        self._login = login
        self._more = tuple(more)
        self._interval_s = session_interval_s
        self._sequence = 0
        self._outgoing: Outgoing | None = None
        self._challenges = 0
        self._reliable: dict[str, int] = {}
        self._stopped = False

    def start(self) -> None:
        """Send the INVITE."""
        self._invite()

    def hang_up(self) -> None:
        """Call it back while it rings, end it once it is answered. Idempotent."""
        if self.state in {State.CALLING, State.RINGING} and self._outgoing is not None:
            self._stopped = True
            self._outgoing.cancel()
            return
        super().hang_up()

    def stray(self, response: Response) -> None:
        """A 200 again, whose ACK was lost; or one from a second phone of a fork, which is told that it came late."""
        if self.dialog is not None and response.to.tag == self.dialog.remote.tag:
            self._acknowledge(response)
        else:
            self._decline_fork(response)

    def _invite(self, *authorization: tuple[str, str]) -> None:
        if self._sequence >= MAX_CSEQ:
            raise MalformedError("no sequence number left")
        self._sequence += 1
        headers = Headers(
            [
                ("max-forwards", "70"),
                ("from", str(self._caller)),
                ("to", str(self._called)),
                ("call-id", self.call_id),
                ("cseq", f"{self._sequence} INVITE"),
                ("contact", str(self._contact)),
                ("allow", ALLOW),
                ("supported", SUPPORTED),
                ("session-expires", str(self._interval_s)),
                ("min-se", str(MIN_INTERVAL_S)),
                *authorization,
                *self._more,
            ]
        )
        request = Request("INVITE", self._target, headers).set_body(self._offer, SDP)
        self._outgoing = self._endpoint.request(request, self._flow, self._answered)

    def _answered(self, response: Response | None) -> None:
        self.heard = self.heard or response is not None
        if self.state is State.ENDED:
            if response is not None and 200 <= response.status < 300:
                self._decline_fork(response)
            return
        if response is None:
            self._end(487 if self._stopped else 408)
        elif response.status < 200:
            self._progressed(response)
        elif response.status < 300:
            self._accepted(response)
        elif not self._tried_again(response):
            self._end(response.status)

    def _progressed(self, response: Response) -> None:
        if response.status == 100 or self.state not in {State.CALLING, State.RINGING}:
            return
        self.state = State.RINGING
        if "100rel" in response.headers.words("require") and not self._acknowledge_provisional(response):
            return
        self._listener.ringing(response.status, response.body)

    def _acknowledge_provisional(self, response: Response) -> bool:
        """Send the PRACK of a provisional answer that must arrive; False for one that came again or out of order."""
        tag = response.to.tag or ""
        try:
            number = parse_number(response.headers.single("rseq") or "", most=2**31 - 1)
            dialog = Dialog.called(self._request(), response)
        except MalformedError:
            return False
        last = self._reliable.get(tag)
        if last is not None and number != last + 1:
            return False
        self._reliable[tag] = number
        if self.dialog is None or self.dialog.remote.tag != tag:
            self.dialog = dialog
        prack = self.dialog.request("PRACK")
        prack.headers.add("rack", f"{number} {self._sequence} INVITE")
        self._endpoint.request(prack, self._flow, lambda _: None)
        return True

    def _accepted(self, response: Response) -> None:
        if self.state in {State.ANSWERED, State.TALKING}:
            self.stray(response)
            return
        try:
            if self.dialog is not None and self.dialog.remote.tag == response.to.tag:
                self.dialog.confirm(response)
            else:
                self.dialog = Dialog.called(self._request(), response)
            interval = parse_session_expires(response)
        except MalformedError:
            self._end(500)
            return
        self.state = State.TALKING
        self._steered()
        self._acknowledge(response)
        if interval is not None:
            self._timer.start(interval.interval_s, refreshing=interval.refresher != "uas")
        if self._stopped:
            # It was called back and answered at the same moment: the answer came first (section 9.1).
            super().hang_up()
            return
        self._listener.answered(response.body)

    def _acknowledge(self, response: Response) -> None:
        if self.dialog is not None:
            self._endpoint.send(self.dialog.ack(response.cseq[0]), self._flow)

    def _decline_fork(self, response: Response) -> None:
        """Acknowledge a second answer and hang up on it at once (section 13.2.2.4)."""
        try:
            dialog = Dialog.called(self._request(), response)
        except MalformedError:
            return
        self._endpoint.send(dialog.ack(response.cseq[0]), self._flow)
        self._endpoint.request(dialog.request("BYE"), self._flow, lambda _: None)

    def _tried_again(self, response: Response) -> bool:
        """Whether the INVITE went out once more: with an answer to a challenge, or a longer interval."""
        if self._stopped or self._challenges >= MAX_CHALLENGES:
            return False
        if response.status == 422:
            return self._longer_interval(response)
        if self._login is None:
            return False
        answer = self._login.answer(response, method="INVITE", uri=str(self._target), again=self._challenges > 0)
        if answer is None:
            return False
        self._challenges += 1
        self._invite(answer)
        return True

    def _longer_interval(self, response: Response) -> bool:
        try:
            least = parse_number((response.headers.single("min-se") or "").partition(";")[0], most=86_400)
        except MalformedError:
            return False
        if least <= self._interval_s:
            return False
        self._challenges += 1
        self._interval_s = least
        self._invite()
        return True

    def _request(self) -> Request:
        if self._outgoing is None:
            raise RuntimeError("the call was never started")
        return self._outgoing.request

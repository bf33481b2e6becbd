"""Lines of a test: every other end is a phone, whose owner does what the test says."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Literal

from ringfence.domain.media_ends import LocalEnd
from ringfence.domain.negotiation import Speaker, make_answer, make_offer
from ringfence.domain.sdp import parse_sdp
from ringfence.ports.line import Destination, LineListener, MediaKind, NoRouteError, Route

Manner = Literal["answers", "declines", "ignores", "busy"]

THEIRS = Speaker(local=LocalEnd(address="127.0.0.1", port=7000, rtcp_port=7000, ssrc=2), transport="rtp", session_id=9)
# A phone that declines is busy to its caller.
BUSY, CALLED_BACK, OK = 486, 487, 200


class StillLine:
    """One line to a phone, in either direction: `ports.line.Line` and `IncomingLine`, and the phone's end of it.

    A phone is named by its number, or as `client:NAME` or `sip:USER@HOST`.
    """

    peer_host = ""
    media: MediaKind = "rtp"
    encodings: tuple[str, ...] = ()
    headers: Sequence[tuple[str, str]] = ()

    def __init__(
        self,
        phone: str,
        sender: str,
        to: str,
        offer: bytes,
        changed: Callable[[], None],
        *,
        account: str = "",
        application: str = "",
    ) -> None:
        """`account` and `application` are those of a client's token."""
        self.account = account
        self.application = application
        self.source = "client" if account else "trunk:test"
        self.call_id = "still"
        self.call_sid = ""
        self.phone = phone
        self.sender = sender
        self.to = to
        self.offer = offer
        self.state = "new"
        self.status = 0
        self.port = 0
        self._listener: LineListener | None = None
        self._changed = changed

    def __repr__(self) -> str:
        return f"StillLine({self.state})"

    def listen(self, listener: LineListener) -> None:
        self._listener = listener

    # The platform's end

    def ring(self, description: bytes = b"") -> None:
        self._see(description)
        self._become("ringing")

    def answer(self, description: bytes) -> None:
        self._see(description)
        self._become("answered")
        if self._listener is not None:
            asyncio.get_running_loop().call_soon(self._listener.answered, b"")

    def refuse(self, status: int) -> None:
        self._end(status)

    def hang_up(self) -> None:
        self._end(OK if self.state == "answered" else CALLED_BACK)

    def change(self, description: bytes) -> bool:
        return False

    # The phone's end

    def behave(self, manner: Manner) -> None:
        """Ring, and do what the phone's owner does; a busy phone does not ring."""
        self._see(self.offer)
        if manner == "busy":
            self._end(BUSY)
            return
        if self._listener is None or self.state == "ended":
            return
        self._become("ringing")
        self._listener.ringing(180, b"")
        if manner == "declines":
            self._end(BUSY)
        elif manner == "answers":
            self.pick_up()

    def pick_up(self) -> None:
        """Answer a call that rings."""
        if self._listener is not None and self.state == "ringing":
            self._become("answered")
            self._listener.answered(make_answer(self.offer, THEIRS).description)

    def _see(self, description: bytes) -> None:
        if description:
            self.port = parse_sdp(description).media[0].port

    def _become(self, state: str) -> None:
        self.state = state
        self._changed()

    def _end(self, status: int) -> None:
        if self.state == "ended":
            return
        self.status = status
        self._become("ended")
        if self._listener is not None:
            asyncio.get_running_loop().call_soon(self._listener.ended, status)


class StillLines:
    """Implements `ports.line.Lines`. `manners` says what a phone's owner does; who is not in it is not reached."""

    def __init__(
        self, began: Callable[[StillLine], None], changed: Callable[[StillLine], None], missed: Callable[[str], None]
    ) -> None:
        """`missed` is told the address that nobody has."""
        self.manners: dict[str, Manner] = {}
        self._missed = missed
        self._began = began
        self._changed = changed

    async def routes(self, destination: Destination) -> list[Route]:
        if phone_of(destination) not in self.manners:
            self._missed(phone_of(destination))
            raise NoRouteError(404, "no phone of the test has this number")
        return [Route(name="test", media="rtp", key="test")]

    async def call(
        self, route: Route, destination: Destination, caller: str, offer: bytes, listener: LineListener
    ) -> StillLine:
        phone = phone_of(destination)
        line = self._line(phone, caller, phone, offer)
        line.listen(listener)
        asyncio.get_running_loop().call_soon(line.behave, self.manners[phone])
        return line

    def dial(self, phone: str, to: str, *, account: str = "", application: str = "") -> StillLine:
        """A call from a phone, to be given to whoever takes calls; from a client, with what its token says."""
        return self._line(phone, phone, to, make_offer(THEIRS), account=account, application=application)

    def _line(
        self, phone: str, sender: str, to: str, offer: bytes, *, account: str = "", application: str = ""
    ) -> StillLine:
        line = StillLine(
            phone, sender, to, offer, lambda: self._changed(line), account=account, application=application
        )
        self._began(line)
        return line


def phone_of(destination: Destination) -> str:
    """The phone that a destination is."""
    return f"client:{destination.address}" if destination.kind == "client" else destination.address

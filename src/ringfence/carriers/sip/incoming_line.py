"""The line that comes in: a call with who calls, whom, and how it came.

Implements `ports.line.IncomingLine`.
"""

from collections.abc import Callable, Sequence

from ringfence.carriers.sip.callee import IncomingCall
from ringfence.carriers.sip.uri import Uri
from ringfence.ports.line import LineListener, MediaKind

CALL_SID = "X-Twilio-CallSid"
"""The header that tells a telephone what the API calls its call."""


class IncomingLine:
    """A call to us. `call` is made with `self.ends` as its listener. `is_phone`: it comes from no carrier."""

    def __init__(
        self,
        make: Callable[["Ends"], IncomingCall],
        *,
        to: str,
        sender: str,
        source: str,
        account: str,
        media: MediaKind,
        headers: Sequence[tuple[str, str]],
        application: str = "",
        is_phone: bool = False,
        encodings: tuple[str, ...] = (),
    ) -> None:
        self.to = to
        self.sender = sender
        self.source = source
        self.account = account
        self.media = media
        self.headers = headers
        self.application = application
        self.call_sid = ""
        self._is_phone = is_phone
        self.encodings = encodings
        self._ends = Ends()
        self._call = make(self._ends)
        self.offer = self._call.offer

    def __repr__(self) -> str:
        return f"IncomingLine({self.source})"

    @property
    def call(self) -> IncomingCall:
        """The call itself, for who leads requests to it."""
        return self._call

    @property
    def call_id(self) -> str:
        """What the two ends call this line."""
        return self._call.call_id

    @property
    def peer_host(self) -> str:
        """Where the caller's messages come from."""
        return self._call.peer_host

    def listen(self, listener: LineListener) -> None:
        """Tell this one what happens. Before anything else."""
        self._ends.listen(listener)

    def ring(self, description: bytes = b"") -> None:
        """Say that it rings; with a description there is early media."""
        more = ((CALL_SID, self.call_sid),) if self._is_phone and self.call_sid else ()
        self._call.ring(description, status=183 if description else 180, more=more)

    def answer(self, description: bytes) -> None:
        """Answer; `answered` follows when the caller has acknowledged it."""
        self._call.answer(description)

    def refuse(self, status: int) -> None:
        """Turn the call away with a final SIP status; `ended` follows."""
        self._call.refuse(status)

    def hang_up(self) -> None:
        """End it, whatever its state: `ended` follows."""
        self._call.hang_up()

    def change(self, description: bytes) -> bool:
        """Offer another description."""
        return self._call.change(description)


class Ends:
    """Passes on what a session says; an end that came before anybody listened is told first thing."""

    def __init__(self) -> None:
        self._listener: LineListener | None = None
        self._ended: int | None = None

    def listen(self, listener: LineListener) -> None:
        self._listener = listener
        if self._ended is not None:
            listener.ended(self._ended)

    def ringing(self, status: int, description: bytes) -> None:
        if self._listener is not None:
            self._listener.ringing(status, description)

    def answered(self, description: bytes) -> None:
        if self._listener is not None:
            self._listener.answered(description)

    def offered(self, description: bytes) -> bytes:
        return b"" if self._listener is None else self._listener.offered(description)

    def pressed(self, content_type: str, body: bytes) -> None:
        if self._listener is not None:
            self._listener.pressed(content_type, body)

    def referred(self, target: Uri) -> bool:
        return self._listener is not None and self._listener.referred(str(target))

    def ended(self, status: int) -> None:
        self._ended = status
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.ended(status)

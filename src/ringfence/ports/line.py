"""Lines: the signalling of one call leg, whatever carries it (SIP here, a script in tests).

Descriptions are SDP as bytes, made and read by `domain.sdp`; a line passes them on and knows no media.
"""

from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

MediaKind = Literal["rtp", "srtp", "webrtc"]


class Destination(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to call: an E.164 number, a `sip:` URI, or a client's identity without its prefix.

    `username` and `password` answer a challenge of a SIP destination; `headers` are added to its INVITE. `call_sid` is
    what the API calls this call: telephones that are registered here are told, as at Twilio, and no carrier.
    """

    account: str
    kind: Literal["number", "sip", "client"]
    address: str
    username: str = ""
    password: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    call_sid: str = ""

    def __repr__(self) -> str:
        return f"Destination({self.kind})"


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One way to a destination: `name` says which trunk, registration or host, clear metadata; `address` is where.

    `media` is how its media is to be offered, `encodings` what may be spoken there, the preferred first (empty: as
    everywhere). `key` is the adapter's own, meaningless to others.
    """

    name: str
    media: MediaKind
    key: str
    encodings: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Route({self.name}, {self.media})"


class LineListener(Protocol):
    """Who is told of a line. Every line that begins ends once, with `ended`."""

    def ringing(self, status: int, description: bytes) -> None:
        """The other end rings; with a description there is early media."""

    def answered(self, description: bytes) -> None:
        """The other end has answered (its description), or has acknowledged our answer (b"" or a late answer)."""

    def offered(self, description: bytes) -> bytes:
        """The other end wants the session changed (hold, another address): our answer, or b"" to refuse."""

    def pressed(self, content_type: str, body: bytes) -> None:
        """The other end sent keys by signalling."""

    def referred(self, target: str) -> bool:
        """The other end asks to be connected with somebody else: whether that is taken on."""

    def ended(self, status: int) -> None:
        """The line is over: 200 after talking, 487 when it was called back, 408 for no answer, else why it failed."""


class Line(Protocol):
    """One leg's signalling. All of it is idempotent and does nothing once the line has ended."""

    @property
    def call_id(self) -> str:
        """What the two ends call this line: for the timeline."""

    @property
    def peer_host(self) -> str:
        """The address that the other end's signalling comes from; "" while that is not known."""

    def hang_up(self) -> None:
        """End it, whatever its state: `ended` follows."""

    def change(self, description: bytes) -> bool:
        """Offer another description. False while a change is under way, or before it is answered."""


class IncomingLine(Line, Protocol):
    """A call to us: to be rung, answered or refused by whoever takes it.

    `to` and `sender` are E.164 numbers where they are numbers, else `sip:` URIs or `client:` identities; `source` is
    `trunk:NAME`, `domain:SDSID` or `client`; `account` is whose client or domain it came through, "" for a trunk.
    `application` is the one that a client's token lets it call, "" without one. `call_sid` is set by whoever takes it,
    before it rings: what the API calls this call.
    """

    to: str
    sender: str
    source: str
    account: str
    application: str
    media: MediaKind
    encodings: tuple[str, ...]
    offer: bytes
    headers: Sequence[tuple[str, str]]
    call_sid: str

    def listen(self, listener: LineListener) -> None:
        """Tell this one what happens. Before anything else."""

    def ring(self, description: bytes = b"") -> None:
        """Say that it rings; with a description there is early media."""

    def answer(self, description: bytes) -> None:
        """Answer; `answered` follows when the caller has acknowledged it."""

    def refuse(self, status: int) -> None:
        """Turn the call away with a final SIP status; `ended` follows."""


class NoRouteError(Exception):
    """There is no way to the destination now: `sip_status` says why (404, 480, 403…)."""

    def __init__(self, sip_status: int, cause: str) -> None:
        super().__init__(cause)
        self.sip_status = sip_status


class Lines(Protocol):
    """Where calls go out and come in."""

    async def routes(self, destination: Destination) -> list[Route]:
        """The ways to a destination, the first to be tried first; NoRouteError where there is none.

        A client that is registered more than once has one route, which rings all its registrations.
        """

    async def call(
        self, route: Route, destination: Destination, caller: str, offer: bytes, listener: LineListener
    ) -> Line:
        """Call along a route: an INVITE with this offer goes out, and the listener is told from then on."""


class Operator(Protocol):
    """Who takes the calls that come in."""

    def incoming(self, line: IncomingLine) -> None:
        """Take a new call: ring, answer or refuse it, soon. Must not raise."""

"""A dialog: what two ends agree on for the length of a call, and how requests inside it are made and checked.

Nothing here sends; whoever owns the dialog puts the Via on top and gives the request to a transaction.

Source: RFC 3261, section 12.
"""

import msgspec

from ringfence.carriers.sip.address import Address
from ringfence.carriers.sip.grammar import MalformedError
from ringfence.carriers.sip.headers import Headers
from ringfence.carriers.sip.message import MAX_CSEQ, Request, Response
from ringfence.carriers.sip.uri import SipUri, Uri

# Requests whose Contact moves the remote target (section 12.2; RFC 3311; RFC 3515).
TARGET_REFRESHES = frozenset({"INVITE", "UPDATE", "SUBSCRIBE", "NOTIFY", "REFER"})

DialogId = tuple[str, str, str]


class OutOfOrderError(Exception):
    """A request older than one that was taken: 500 (section 12.2.2)."""


class Dialog:
    """One end's view of a call: `local` is ours with our tag, `remote` theirs with theirs."""

    def __init__(
        self,
        *,
        call_id: str,
        local: Address,
        remote: Address,
        remote_target: Uri,
        routes: tuple[Address, ...],
        local_sequence: int,
        remote_sequence: int | None,
        secure: bool,
        confirmed: bool,
    ) -> None:
        self.call_id = call_id
        self.local = local
        self.remote = remote
        self.remote_target = remote_target
        self.routes = routes
        self.local_sequence = local_sequence
        self.remote_sequence = remote_sequence
        self.secure = secure
        self.confirmed = confirmed

    def __repr__(self) -> str:
        return f"Dialog({'confirmed' if self.confirmed else 'early'})"

    @property
    def id(self) -> DialogId:
        """What a message finds its dialog by: Call-ID, our tag, their tag ("" for an end of RFC 2543)."""
        return self.call_id, self.local.tag or "", self.remote.tag or ""

    @classmethod
    def called(cls, request: Request, response: Response) -> "Dialog":
        """The caller's view, from a 101–299 with a tag (section 12.1.2). MalformedError where it makes no dialog."""
        contacts = response.contacts
        if not contacts:
            raise MalformedError("a response that makes a dialog without a Contact")
        return cls(
            call_id=response.call_id,
            local=response.from_,
            remote=response.to,
            remote_target=contacts[0].uri,
            routes=tuple(reversed(response.addresses("record-route"))),
            local_sequence=request.cseq[0],
            remote_sequence=None,
            secure=isinstance(request.uri, SipUri) and request.uri.scheme == "sips",
            confirmed=response.status >= 200,
        )

    @classmethod
    def answered(cls, request: Request, response: Response) -> "Dialog":
        """The callee's view, from the request and our own response (section 12.1.1). MalformedError as above."""
        contacts = request.contacts
        if not contacts:
            raise MalformedError("a request that makes a dialog without a Contact")
        return cls(
            call_id=request.call_id,
            local=response.to,
            remote=request.from_,
            remote_target=contacts[0].uri,
            routes=tuple(request.addresses("record-route")),
            local_sequence=0,
            remote_sequence=request.cseq[0],
            secure=isinstance(request.uri, SipUri) and request.uri.scheme == "sips",
            confirmed=response.status >= 200,
        )

    def confirm(self, response: Response) -> None:
        """Take a 2xx for an early dialog of ours: its route set and target hold from now on (section 13.2.2.4)."""
        self.confirmed = True
        self.routes = tuple(reversed(response.addresses("record-route")))
        self.refresh_target(response)

    def request(self, method: str) -> Request:
        """A request inside the dialog, one sequence number on; Via and Contact are the sender's to add."""
        if self.local_sequence >= MAX_CSEQ:
            raise MalformedError("no sequence number left")
        self.local_sequence += 1
        return self._build(method, self.local_sequence)

    def ack(self, invite_sequence: int) -> Request:
        """The ACK of a 2xx: under the INVITE's number (section 13.2.2.4)."""
        return self._build("ACK", invite_sequence)

    def take(self, request: Request) -> None:
        """Check a request from the other end and move the target where it says so. OutOfOrderError."""
        sequence, _ = request.cseq
        if request.method not in {"ACK", "CANCEL"}:
            if self.remote_sequence is not None and sequence <= self.remote_sequence:
                raise OutOfOrderError
            self.remote_sequence = sequence
        if request.method in TARGET_REFRESHES:
            self.refresh_target(request)

    def refresh_target(self, message: Request | Response) -> None:
        """Send to this message's Contact from now on, if it has one."""
        contacts = message.contacts
        if contacts:
            self.remote_target = contacts[0].uri

    def _build(self, method: str, sequence: int) -> Request:
        uri, routes = _road(self.remote_target, self.routes)
        headers = Headers()
        for route in routes:
            headers.add("route", str(route))
        headers.add("max-forwards", "70")
        headers.add("from", str(self.local))
        headers.add("to", str(self.remote))
        headers.add("call-id", self.call_id)
        headers.add("cseq", f"{sequence} {method}")
        return Request(method, uri, headers)


def dialog_id(message: Request | Response, *, local: str) -> DialogId:
    """The dialog that a message belongs to; `local` says which header holds our tag: "from" or "to"."""
    ours, theirs = (message.from_, message.to) if local == "from" else (message.to, message.from_)
    return message.call_id, ours.tag or "", theirs.tag or ""


def _road(target: Uri, routes: tuple[Address, ...]) -> tuple[Uri, tuple[Address, ...]]:
    """Request-URI and Route: a first hop without `lr` is a strict router, which takes the URI's place (12.2.1.1)."""
    if not routes:
        return target, ()
    first = routes[0].uri
    if isinstance(first, SipUri) and first.parameter("lr") is None:
        bare = msgspec.structs.replace(first, headers=())
        return bare, (*routes[1:], Address(uri=target))
    return target, routes

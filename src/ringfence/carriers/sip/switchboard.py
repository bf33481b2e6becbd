"""The switchboard: every request finds its call, and a new call finds who takes it.

Source: RFC 3261, sections 8.2, 11.2 and 12.2.2.
"""

import secrets
from collections.abc import Callable
from typing import Protocol

from ringfence.carriers.sip.endpoint import Incoming
from ringfence.carriers.sip.flow import Flow
from ringfence.carriers.sip.message import Request, Response, respond
from ringfence.carriers.sip.session import ALLOW, EXTENSIONS, SDP, SUPPORTED, Session

CallKey = tuple[str, str]


class Reception(Protocol):
    """Who decides about what comes from outside a call."""

    def admits(self, flow: Flow) -> bool:
        """Whether anything from there is read at all."""

    def knows(self, flow: Flow) -> bool:
        """Whether this is somebody who gets an answer to anything."""

    def noise(self, flow: Flow, request: Request | None = None) -> None:
        """A stranger sent what belongs to nothing here, and got no answer."""

    def stranger(self, incoming: Incoming) -> None:
        """A request outside a call from nobody known: `welcome` it once it is proven, challenge or ignore it."""

    def call(self, incoming: Incoming) -> None:
        """Take a new INVITE: make an IncomingCall of it, or refuse it."""

    def other(self, incoming: Incoming) -> bool:
        """Take another request outside a call (REGISTER…); False for a method that is not known."""


class Switchboard:
    """The handler of an endpoint: implements `endpoint.Handler`."""

    def __init__(self, reception: Reception) -> None:
        self._reception = reception
        self._calls: dict[CallKey, Session] = {}

    def __repr__(self) -> str:
        return f"Switchboard({len(self._calls)} calls)"

    def add(self, session: Session, *, call_id: str, tag: str) -> Callable[[], None]:
        """Lead what belongs to this call to it, until the function that comes back is called. `tag` is our own."""
        key = call_id, tag
        self._calls[key] = session
        return lambda: self._forget(key)

    def admits(self, flow: Flow) -> bool:
        """Whether anything from there is read at all."""
        return self._reception.admits(flow)

    def knows(self, flow: Flow) -> bool:
        """Whether this is somebody who gets an answer to anything."""
        return self._reception.knows(flow)

    def noise(self, flow: Flow, request: Request | None = None) -> None:
        """Let the reception know of what got no answer."""
        self._reception.noise(flow, request)

    def request(self, incoming: Incoming) -> None:
        """Lead a request to its call, or to the reception."""
        request = incoming.request
        tag = request.to.tag
        session = None if tag is None else self._calls.get((request.call_id, tag))
        if session is not None:
            incoming.speak()
            session.take(incoming)
        elif incoming.silent and (tag is not None or request.method not in {"INVITE", "REGISTER"}):
            incoming.ignore()
            self._reception.noise(incoming.flow, request)
        elif tag is not None:
            incoming.respond(respond(request, 481))
        elif incoming.silent:
            self._reception.stranger(incoming)
        else:
            self.welcome(incoming)

    def welcome(self, incoming: Incoming) -> None:
        """Lead a request outside a call to the reception, as far as we could speak with its sender at all."""
        request = incoming.request
        incoming.speak()
        unknown = sorted(request.headers.words("require") - EXTENSIONS)
        if unknown:
            refused = _tagged(request, 420)
            refused.headers.add("unsupported", ", ".join(unknown))
            incoming.respond(refused)
        elif request.method == "INVITE":
            self._invited(incoming)
        elif request.method == "OPTIONS":
            answer = _tagged(request, 200)
            for name, value in (("allow", ALLOW), ("supported", SUPPORTED), ("accept", SDP)):
                answer.headers.add(name, value)
            incoming.respond(answer)
        elif not self._reception.other(incoming):
            refused = _tagged(request, 405 if request.method in ALLOW.split(", ") else 501)
            refused.headers.add("allow", ALLOW)
            incoming.respond(refused)

    def acknowledged(self, request: Request) -> None:
        """Lead the ACK of a 2xx to its call."""
        session = self._calls.get((request.call_id, request.to.tag or ""))
        if session is not None:
            session.acknowledged(request)

    def stray(self, response: Response, flow: Flow) -> None:
        """Lead a late 2xx to its call."""
        session = self._calls.get((response.call_id, response.from_.tag or ""))
        if session is not None:
            session.stray(response)

    def _invited(self, incoming: Incoming) -> None:
        """A new call, as far as we could speak with it at all (section 8.2.3)."""
        request = incoming.request
        accepted = request.headers.words("accept")
        if request.body and request.content_type not in {SDP, "multipart/mixed"}:
            refused = _tagged(request, 415)
            refused.headers.add("accept", SDP)
            incoming.respond(refused)
        elif accepted and not {kind.partition(";")[0] for kind in accepted} & {SDP, "*/*", "application/*"}:
            incoming.respond(_tagged(request, 406))
        else:
            self._reception.call(incoming)

    def _forget(self, key: CallKey) -> None:
        self._calls.pop(key, None)


def _tagged(request: Request, status: int) -> Response:
    return respond(request, status, tag=secrets.token_hex(8))

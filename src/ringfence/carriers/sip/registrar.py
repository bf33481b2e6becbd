"""Where each phone can be reached: its bindings, kept until they expire.

Authentication comes before this and is not its matter. A phone behind NAT is reached over the flow that its REGISTER
came by, whatever its Contact says.

Source: RFC 3261, section 10.3; RFC 3581; RFC 5626, section 5 (flows, without outbound's instance ids).
"""

from collections.abc import Callable

import msgspec

from ringfence.carriers.sip.address import Address
from ringfence.carriers.sip.flow import Flow
from ringfence.carriers.sip.grammar import MalformedError, parse_number
from ringfence.carriers.sip.message import Request, Response, respond
from ringfence.carriers.sip.uri import SipUri, same_uri

DEFAULT_EXPIRES_S = 3_600
MIN_EXPIRES_S = 60
MAX_EXPIRES_S = 7_200
MAX_BINDINGS = 10
_FOREVER_S = 2**32 - 1


class Binding(msgspec.Struct, frozen=True, kw_only=True):
    """One place of a user: the Contact it gave and the flow that reaches it."""

    contact: Address
    flow: Flow
    expires_ms: float
    call_id: str
    sequence: int

    def __repr__(self) -> str:
        return "Binding(…)"

    @property
    def preference(self) -> float:
        """Its q value, from 0 to 1; 1 where it gives none that makes sense."""
        try:
            return min(max(float(self.contact.parameter("q") or 1), 0.0), 1.0)
        except ValueError:
            return 1.0


class Registrar:
    """Bindings by address of record. `now_ms` is a monotonic clock."""

    def __init__(self, now_ms: Callable[[], float], added: Callable[[str, Binding], None] | None = None) -> None:
        """`added` is told of each new place of a user; one that is refreshed is not new."""
        self._now_ms = now_ms
        self._added = added
        self._bindings: dict[str, list[Binding]] = {}

    def __repr__(self) -> str:
        return f"Registrar({len(self._bindings)} users)"

    def register(
        self, request: Request, flow: Flow, *, tag: str, user: str = "", most_s: int = MAX_EXPIRES_S
    ) -> Response:
        """Take a REGISTER that has been authenticated: its answer, which lists all bindings that hold now.

        `user` is under which name they are kept, where that is not the request's own address of record; `most_s` how
        long they may hold, for one whose permission ends sooner than its registration would.

        400 for contacts that cannot be, or a To that is no address of record; 423 for an expiry under
        `MIN_EXPIRES_S`; 403 for more than `MAX_BINDINGS`; 500 for a request older than one that was taken. Nothing is
        changed by a request that is refused.
        """
        try:
            user = user or record_of(request)
            changed = self._changed(request, flow, self.bindings(user), most_s)
        except MalformedError:
            return respond(request, 400, tag=tag)
        except _RefusedError as error:
            refused = respond(request, error.status, tag=tag)
            if error.status == 423:
                refused.headers.add("min-expires", str(MIN_EXPIRES_S))
            return refused
        known = self.bindings(user)
        if changed:
            self._bindings[user] = changed
        else:
            self._bindings.pop(user, None)
        if self._added is not None:
            for binding in changed:
                if not any(same_uri(binding.contact.uri, one.contact.uri) for one in known):
                    self._added(user, binding)
        answer = respond(request, 200, tag=tag)
        for binding in self.bindings(user):
            answer.headers.add("contact", str(self._listed(binding)))
        return answer

    def bindings(self, user: str) -> list[Binding]:
        """The places of a user that hold now, the preferred first; of equals, the latest."""
        now_ms = self._now_ms()
        latest_first = [binding for binding in self._bindings.get(user, [])[::-1] if binding.expires_ms > now_ms]
        return sorted(latest_first, key=lambda binding: -binding.preference)

    def sweep(self) -> None:
        """Forget what has expired."""
        now_ms = self._now_ms()
        held = {
            user: [binding for binding in bindings if binding.expires_ms > now_ms]
            for user, bindings in self._bindings.items()
        }
        self._bindings = {user: bindings for user, bindings in held.items() if bindings}

    def lost(self, flow: Flow) -> None:
        """Forget the places that only this flow reached: a connection that is gone cannot be called over."""
        for user, bindings in list(self._bindings.items()):
            kept = [binding for binding in bindings if binding.flow is not flow]
            if kept:
                self._bindings[user] = kept
            else:
                del self._bindings[user]

    def _changed(self, request: Request, flow: Flow, held: list[Binding], most_s: int) -> list[Binding]:
        sequence, _ = request.cseq
        fields = request.headers.values("contact")
        if fields == ["*"]:
            if _seconds(request.headers.single("expires")) != 0:
                raise MalformedError("a star without an expiry of 0")
            for binding in held:
                _in_order(binding, request.call_id, sequence)
            return []
        kept = held[::-1]
        for contact in request.contacts:
            if not isinstance(contact.uri, SipUri):
                raise MalformedError("a contact that SIP does not reach")
            known = next((one for one in kept if same_uri(one.contact.uri, contact.uri)), None)
            if known is not None:
                _in_order(known, request.call_id, sequence)
                kept.remove(known)
            expires_s = min(self._expires_s(contact, request), most_s)
            if expires_s:
                kept.append(
                    Binding(
                        contact=contact,
                        flow=flow,
                        expires_ms=self._now_ms() + expires_s * 1_000,
                        call_id=request.call_id,
                        sequence=sequence,
                    )
                )
        if len(kept) > MAX_BINDINGS:
            raise _RefusedError(403)
        return kept

    def _expires_s(self, contact: Address, request: Request) -> int:
        """How long a contact holds: its own parameter, the header, or the default; bounded. 0 takes it away."""
        asked = _seconds(contact.parameter("expires"))
        if asked is None:
            asked = _seconds(request.headers.single("expires"))
        if asked is None:
            return DEFAULT_EXPIRES_S
        if 0 < asked < MIN_EXPIRES_S:
            raise _RefusedError(423)
        return min(asked, MAX_EXPIRES_S)

    def _listed(self, binding: Binding) -> Address:
        left_s = max(1, round((binding.expires_ms - self._now_ms()) / 1_000))
        others = tuple((name, value) for name, value in binding.contact.parameters if name != "expires")
        return msgspec.structs.replace(binding.contact, parameters=(*others, ("expires", str(left_s))))


def record_of(request: Request) -> str:
    """The address of record that a REGISTER is about: `user@host` of its To, without parameters. MalformedError."""
    uri = request.to.uri
    if not isinstance(uri, SipUri) or not uri.user:
        raise MalformedError("no address of record")
    return f"{uri.user}@{uri.host}"


class _RefusedError(Exception):
    """A REGISTER that is refused with `status`."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def _in_order(binding: Binding, call_id: str, sequence: int) -> None:
    """Section 10.3, step 7: within one Call-ID only a higher number changes a binding."""
    if binding.call_id == call_id and sequence <= binding.sequence:
        raise _RefusedError(500)


def _seconds(text: str | None) -> int | None:
    """An expiry; one beyond what the grammar holds counts as the longest, one that is no number as absent (20.10)."""
    if text is None:
        return None
    try:
        return parse_number(text, most=_FOREVER_S)
    except MalformedError:
        return _FOREVER_S if text.isascii() and text.isdigit() else None

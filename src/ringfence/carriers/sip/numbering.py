"""How callers and called are written: E.164 numbers, `client:` identities and `sip:` addresses, and SIP's own forms.

Source: RFC 3261, section 19.1.6; RFC 3325 (P-Asserted-Identity); RFC 3323 (Privacy).
"""

from collections.abc import Sequence

from ringfence.carriers.sip.address import Address, parse_address
from ringfence.carriers.sip.grammar import TOKEN, MalformedError
from ringfence.carriers.sip.headers import spelled
from ringfence.carriers.sip.message import Request
from ringfence.carriers.sip.trunk import ANONYMOUS, Trunk
from ringfence.carriers.sip.uri import SipUri, TelUri, Uri, parse_uri
from ringfence.domain.number import parse_e164

ANONYMOUS_URI = SipUri(user="anonymous", host="anonymous.invalid")
# What a program may add to an INVITE beside its own X- headers, and read from one.
PASSED = frozenset({"user-to-user", "diversion", "reason", "subject"})

Header = tuple[str, str]


def caller_of(caller: str, host: str, trunk: Trunk | None = None) -> tuple[Address, list[Header]]:
    """From, and what else says who calls, of a number, a client or a SIP address. MalformedError."""
    if caller in {"", "anonymous", ANONYMOUS}:
        return Address(uri=ANONYMOUS_URI, display="Anonymous"), [("privacy", "id")]
    if caller.startswith(("sip:", "sips:")):
        return Address(uri=_bare(parse_uri(caller))), []
    place = trunk.from_domain if trunk is not None and trunk.from_domain else host
    user = trunk.written(caller) if trunk is not None else caller.removeprefix("client:")
    address = Address(uri=SipUri(user=user, host=place))
    return address, [("p-asserted-identity", str(address))] if trunk is not None else []


def sender_of(request: Request, trunk: Trunk | None) -> str:
    """Who calls: a number where there is one, else a `sip:` address; what a trunk asserts comes first."""
    asserted = _asserted(request) if trunk is not None else None
    uri = asserted or request.from_.uri
    hidden = "id" in (request.headers.get("privacy") or "").lower().split(";")
    if trunk is not None and (hidden or (isinstance(uri, SipUri) and (uri.user or "").lower() == "anonymous")):
        return ANONYMOUS
    return _named(uri, trunk)


def called_of(request: Request, trunk: Trunk | None) -> str:
    """Who is called: the request's own URI; To's where a carrier that we register with writes our contact there."""
    if (
        trunk is not None
        and trunk.register
        and isinstance(request.uri, SipUri)
        and trunk.read(request.uri.user or "") is None
    ):
        return _named(request.to.uri, trunk)
    return _named(request.uri, trunk)


def handset_of(request: Request) -> str:
    """The simulated handset that a request of the Phones page is from: its number, "" where it names none."""
    uri = request.from_.uri
    number = parse_e164(uri.user or "") if isinstance(uri, SipUri) else None
    return "" if number is None else number.e164


def passed_headers(request: Request) -> list[Header]:
    """The headers that a program gets to see: X-…, and those that tell where a call comes from."""
    return [(spelled(name), value) for name, value in request.headers if name.startswith("x-") or name in PASSED]


def added_headers(headers: Sequence[Header]) -> list[Header]:
    """The headers that a program adds to an INVITE. MalformedError for one that it may not set, or a broken one."""
    for name, value in headers:
        if not TOKEN.fullmatch(name) or not (name.lower().startswith("x-") or name.lower() in PASSED):
            raise MalformedError("a header that a program may not set")
        if any(ord(character) < 32 and character != "\t" for character in value):
            raise MalformedError("a control character in a header")
    return list(headers)


def _named(uri: Uri, trunk: Trunk | None) -> str:
    if isinstance(uri, TelUri):
        return (trunk.read(uri.number) if trunk is not None else None) or uri.number
    if not isinstance(uri, SipUri):
        return str(uri)
    number = trunk.read(uri.user or "") if trunk is not None else None
    return number or str(_bare(uri))


def _bare(uri: Uri) -> Uri:
    """Without password, parameters and headers."""
    return SipUri(scheme=uri.scheme, user=uri.user, host=uri.host, port=uri.port) if isinstance(uri, SipUri) else uri


def _asserted(request: Request) -> Uri | None:
    for text in request.headers.get_all("p-asserted-identity"):
        try:
            return parse_address(text).uri
        except MalformedError:
            continue
    return None

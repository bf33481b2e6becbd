"""SIP requests and responses: bytes to values and back.

Reading is strict where a loose reading would let two elements disagree about a message, and liberal elsewhere; the
verdicts are those of RFC 4475. Nothing here knows of sockets or state.

Source: RFC 3261, sections 7, 8.1.1, 8.2.6 and 25; RFC 4475.
"""

import re
from typing import Self

from ringfence.carriers.sip.address import Address, parse_address
from ringfence.carriers.sip.grammar import TOKEN, MalformedError, parse_number
from ringfence.carriers.sip.headers import Headers, spelled
from ringfence.carriers.sip.reason import REASONS
from ringfence.carriers.sip.uri import SipUri, TelUri, Uri, parse_uri
from ringfence.carriers.sip.via import Via, parse_via

MAX_CSEQ = 2**31 - 1
MAX_HEADER_BYTES = 64 * 1024
MAX_BODY_BYTES = 256 * 1024
MAX_FIELDS = 256

_REQUEST_LINE = re.compile(r"([^ ]+) ([^ ]+) ([^ ]+)")
_STATUS_LINE = re.compile(r"SIP/2\.0 ([0-9]+) (.*)", re.IGNORECASE | re.DOTALL)
_VERSION = re.compile(r"SIP/[0-9]+\.[0-9]+", re.IGNORECASE)
_FOLD = re.compile(r"\r\n[ \t]+")
_CSEQ = re.compile(r"([0-9]+)\s+(\S+)")
_CALL_ID = re.compile(r"[^\s,;\x00-\x20]+")
_SINGLE = ("from", "to", "call-id", "cseq", "max-forwards", "content-length", "content-type", "expires")
_ROUTES = ("route", "record-route")


class BadMessageError(ValueError):
    """A message that is not SIP as it should be.

    `status` is what a request is refused with; 0 says that nothing answers it (a response, or noise). `request` is what
    could be read of it, as far as that is enough to answer.
    """

    def __init__(self, status: int, reason: str, request: "Request | None" = None) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.request = request


class Message:
    """What requests and responses share. The typed properties read the header anew: change `headers` freely."""

    def __init__(self, headers: Headers, body: bytes = b"") -> None:
        self.headers = headers
        self.body = body

    @property
    def via(self) -> Via:
        """The top hop. MalformedError where there is none."""
        return parse_via(self._vias()[0])

    @property
    def from_(self) -> Address:
        """The From address."""
        return parse_address(self._needed("from"))

    @property
    def to(self) -> Address:
        """The To address."""
        return parse_address(self._needed("to"))

    @property
    def call_id(self) -> str:
        """The Call-ID."""
        call_id = self._needed("call-id")
        if not _CALL_ID.fullmatch(call_id):
            raise MalformedError("no valid Call-ID")
        return call_id

    @property
    def cseq(self) -> tuple[int, str]:
        """Sequence number and method of CSeq."""
        match = _CSEQ.fullmatch(self._needed("cseq"))
        if match is None or not TOKEN.fullmatch(match[2]):
            raise MalformedError("no valid CSeq")
        return parse_number(match[1], most=MAX_CSEQ), match[2]

    @property
    def contacts(self) -> list[Address]:
        """The Contact addresses, none for `*`."""
        fields = self.headers.values("contact")
        return [] if fields == ["*"] else [parse_address(field) for field in fields]

    @property
    def content_type(self) -> str:
        """The body's media type in lower case, without parameters; "" where it has none."""
        return (self.headers.get("content-type") or "").partition(";")[0].strip().lower()

    def addresses(self, name: str) -> list[Address]:
        """The addresses of Route, Record-Route and their kin, in order."""
        return [parse_address(field) for field in self.headers.values(name)]

    def set_body(self, body: bytes, content_type: str) -> Self:
        """Carry this body."""
        self.body = body
        self.headers.replace("content-type", content_type)
        return self

    def __bytes__(self) -> bytes:
        raise TypeError("neither a request nor a response")

    def _needed(self, name: str) -> str:
        value = self.headers.single(name)
        if not value:
            raise MalformedError(f"no {spelled(name)}")
        return value

    def _vias(self) -> list[str]:
        vias = self.headers.values("via")
        if not vias:
            raise MalformedError("no Via")
        return vias

    def _write(self, start: str) -> bytes:
        lines = [start]
        lines += [f"{spelled(name)}: {value}" for name, value in self.headers if name != "content-length"]
        lines.append(f"Content-Length: {len(self.body)}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape") + self.body


class Request(Message):
    """A request. `method` keeps its case, as methods do."""

    def __init__(self, method: str, uri: Uri, headers: Headers, body: bytes = b"") -> None:
        super().__init__(headers, body)
        self.method = method
        self.uri = uri

    def __repr__(self) -> str:
        return f"Request({self.method})"

    def __bytes__(self) -> bytes:
        return self._write(f"{self.method} {self.uri} SIP/2.0")

    @property
    def max_forwards(self) -> int:
        """Hops left; 70 where the request does not say (RFC 3261, section 16.6)."""
        text = self.headers.single("max-forwards")
        return 70 if text is None else parse_number(text, most=255)


class Response(Message):
    """A response."""

    def __init__(self, status: int, reason: str, headers: Headers, body: bytes = b"") -> None:
        super().__init__(headers, body)
        self.status = status
        self.reason = reason

    def __repr__(self) -> str:
        return f"Response({self.status})"

    def __bytes__(self) -> bytes:
        return self._write(f"SIP/2.0 {self.status} {self.reason}")


def respond(request: Request, status: int, reason: str = "", *, tag: str = "") -> Response:
    """A response to a request: its Vias, From, To, Call-ID and CSeq, and the To tag where it has none yet.

    Record-Route is copied for responses that make a dialog. Source: RFC 3261, sections 8.2.6.2 and 12.1.1.
    """
    headers = Headers((name, value) for name, value in request.headers if name in {"via", "from", "call-id", "cseq"})
    if 100 < status < 300:
        for value in request.headers.get_all("record-route"):
            headers.add("record-route", value)
    to = request.headers.get("to") or ""
    if tag and status > 100:
        to = _tagged(to, tag)
    headers.add("to", to)
    return Response(status, reason or REASONS.get(status, "Unknown"), headers)


def _tagged(to: str, tag: str) -> str:
    """The To header under a tag, where it has none; one that cannot be read is refused just as it came."""
    try:
        address = parse_address(to)
    except MalformedError:
        return to
    return to if address.tag else str(address.with_tag(tag))


def parse_message(data: bytes, *, complete: bool = True) -> Request | Response:
    """Read one message, or raise BadMessageError.

    A datagram must hold all of its body, and what follows that is ignored (RFC 3261, section 18.3); a stream's framing
    has cut the message already (`complete` False lets the body be as it is).
    """
    head, end, rest = data.partition(b"\r\n\r\n")
    if len(head) > MAX_HEADER_BYTES:
        raise BadMessageError(0, f"a header over {MAX_HEADER_BYTES} bytes")
    start, _, block = head.decode("utf-8", "surrogateescape").partition("\r\n")
    headers, flaw = _parse_fields(block if end else block.removesuffix("\r\n"))
    flaw = flaw if end else "no end of the header"
    status_line = _STATUS_LINE.fullmatch(start)
    if status_line is not None:
        return _response(status_line, headers, rest, flaw, complete=complete)
    return _request(start, headers, rest, flaw, complete=complete)


def _response(line: re.Match[str], headers: Headers, rest: bytes, flaw: str, *, complete: bool) -> Response:
    if flaw:
        raise BadMessageError(0, flaw)
    if len(line[1]) != 3 or not 100 <= int(line[1]) <= 699:
        raise BadMessageError(0, "no such status")
    response = Response(int(line[1]), line[2], headers)
    try:
        _check(response)
        response.body = _body(headers, rest, complete=complete)
    except MalformedError as error:
        raise BadMessageError(0, str(error)) from None
    return response


def _request(start: str, headers: Headers, rest: bytes, flaw: str, *, complete: bool) -> Request:
    method, uri_text, version = _request_line(start)
    request = Request(method, OTHER, headers)
    answerable = request if _can_answer(request) else None

    def bad(status: int, reason: str) -> BadMessageError:
        return BadMessageError(status if answerable else 0, reason, answerable)

    if not version:
        raise bad(400, "no valid request line")
    if version.upper() != "SIP/2.0":
        raise bad(505, "a version other than SIP/2.0")
    try:
        request.uri = parse_uri(uri_text)
    except MalformedError as error:
        raise bad(400, f"{error} in the request line") from None
    if flaw:
        raise bad(400, flaw)
    try:
        _check(request)
        if request.cseq[1] != method:
            raise MalformedError("a CSeq of another method")
        if isinstance(request.uri, SipUri) and request.uri.headers:
            raise MalformedError("headers in the request's URI")
        _ = request.max_forwards
        request.body = _body(headers, rest, complete=complete)
    except MalformedError as error:
        raise bad(400, str(error)) from None
    if not isinstance(request.uri, SipUri | TelUri):
        raise bad(416, "a URI of a scheme that is not routed")
    return request


def _request_line(start: str) -> tuple[str, str, str]:
    """Method, URI and version, as far as they can be told apart: exactly one space between each."""
    match = _REQUEST_LINE.fullmatch(start)
    if match is not None and TOKEN.fullmatch(match[1]) and _VERSION.fullmatch(match[3]):
        return match[1], match[2], match[3]
    method = start.split(" ", 1)[0]
    if not TOKEN.fullmatch(method) or not re.search(r"SIP/[0-9]+\.[0-9]+\s*$", start):
        raise BadMessageError(0, "no request line")
    return method, "", ""


def _parse_fields(block: str) -> tuple[Headers, str]:
    """The fields, and what is wrong with the first that is none (the others are still needed for an answer)."""
    fields: list[tuple[str, str]] = []
    flaw = ""
    for line in _FOLD.sub(" ", block).split("\r\n") if block else []:
        name, colon, value = line.partition(":")
        name = name.rstrip(" \t")
        if not colon or not TOKEN.fullmatch(name):
            flaw = flaw or "a line that is no header field"
            continue
        if "\r" in value or "\n" in value:
            flaw = flaw or "a line break inside a header field"
            continue
        fields.append((name, value.strip(" \t")))
    if len(fields) > MAX_FIELDS:
        return Headers(fields[:MAX_FIELDS]), f"more than {MAX_FIELDS} header fields"
    return Headers(fields), flaw


def _check(message: Message) -> None:
    """What every message must have, and what must stand once: MalformedError."""
    for name in _SINGLE:
        message.headers.single(name)
    for field in message._vias():
        parse_via(field)
    _ = message.from_, message.to, message.call_id, message.cseq, message.contacts
    for name in _ROUTES:
        message.addresses(name)


def _can_answer(request: Request) -> bool:
    """Whether an answer would find its transaction; the other fields are copied as far as they are there."""
    return bool(request.headers.get("via"))


def _body(headers: Headers, rest: bytes, *, complete: bool) -> bytes:
    text = headers.single("content-length")
    if text is None or not complete:
        return rest
    length = parse_number(text, most=MAX_BODY_BYTES)
    if length > len(rest):
        raise MalformedError("a body shorter than its Content-Length")
    return rest[:length]


OTHER = parse_uri("about:blank")

"""HTTP/1.1 requests and answers as bytes come in: enough to read who asks for what, and where a message ends.

Source: RFC 9112, sections 3.2 (forms of the target) and 6 (bodies).
"""

import base64
import binascii

import httptools
import msgspec

MAX_HEAD_BYTES = 64 << 10
MAX_BODY_BYTES = 4 << 20
HTTP2_PREFACE = b"PRI * HTTP/2.0"
# RFC 9110, section 7.6.1. Framing is ours to say anew, since bodies are read whole; the host is the connection's.
_NOT_PASSED_ON = frozenset(
    {b"connection", b"keep-alive", b"proxy-authorization", b"proxy-connection", b"te", b"trailer", b"upgrade"}
    | {b"transfer-encoding", b"content-length", b"expect", b"host"}
)


class BadRequestError(Exception):
    """Bytes that are no request we pass on; `status` says which answer fits."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One whole request. `target` is in origin form; header names are in lower case."""

    method: str
    target: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes
    keep_alive: bool

    def __repr__(self) -> str:
        return f"Request({self.method})"

    @property
    def path(self) -> str:
        return self.target.partition(b"?")[0].decode("latin-1")

    def header(self, name: bytes) -> bytes:
        """The first value of a header, b"" without one."""
        return next((value for each, value in self.headers if each == name), b"")

    @property
    def basic(self) -> tuple[str, str] | None:
        """User name and secret of HTTP Basic authentication (RFC 7617), if that is what it carries."""
        scheme, _, value = self.header(b"authorization").partition(b" ")
        if scheme.lower() != b"basic":
            return None
        try:
            name, colon, secret = base64.b64decode(value.strip(), validate=True).decode("ascii").partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return (name, secret) if colon else None

    def as_sent_to(self, host: str) -> bytes:
        """The request for a server that is to know itself as `host`."""
        lines = [b"%s %s HTTP/1.1" % (self.method.encode("ascii"), self.target), b"host: " + host.encode("ascii")]
        lines += [name + b": " + value for name, value in self.headers if name not in _NOT_PASSED_ON]
        if self.body or self.method not in ("GET", "HEAD", "DELETE"):
            lines.append(b"content-length: %d" % len(self.body))
        return b"\r\n".join(lines) + b"\r\n\r\n" + self.body


class RequestReader:
    """Cuts a connection's bytes into requests."""

    def __init__(self) -> None:
        self._parser = httptools.HttpRequestParser(self)
        self._whole: list[Request] = []
        self._waits = False
        self._new()
        self._unfinished_bytes = 0
        self._any = False

    @property
    def wants_to_be_told(self) -> bool:
        """True once for a client that waits for 100 Continue before it sends its body."""
        told, self._waits = self._waits, False
        return told

    def feed(self, data: bytes) -> list[Request]:
        """The requests that `data` completes. BadRequestError for what cannot be passed on."""
        if not self._any and data.startswith(HTTP2_PREFACE[: len(data)]) and data[:3] == b"PRI":
            raise BadRequestError(505, "HTTP/2 without asking for it")
        self._any = True
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            raise BadRequestError(501, "a connection that becomes another protocol") from None
        except httptools.HttpParserError:
            raise BadRequestError(400, "no HTTP/1.1 request") from None
        whole, self._whole = self._whole, []
        self._unfinished_bytes = 0 if whole else self._unfinished_bytes + len(data)
        if self._unfinished_bytes > MAX_HEAD_BYTES + MAX_BODY_BYTES:
            raise BadRequestError(413, f"a request of more than {MAX_BODY_BYTES} bytes")
        return whole

    def _new(self) -> None:
        self._target = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []
        self._waits = False

    def on_message_begin(self) -> None:
        self._new()

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self._waits = any(name == b"expect" and value.lower() == b"100-continue" for name, value in self._headers)

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        self._whole.append(
            Request(
                method=self._parser.get_method().decode("ascii"),
                target=origin_form(self._target),
                headers=self._headers,
                body=b"".join(self._body),
                keep_alive=self._parser.should_keep_alive(),
            )
        )


class AnswerReader:
    """Knows where the answer to one request ends. Of a 501 it keeps the body, which says what is not there yet."""

    def __init__(self, *, head_only: bool) -> None:
        self._head_only = head_only
        self._parser = httptools.HttpResponseParser(self)
        self.status = 0
        self.complete = False
        self.keep_alive = True
        self.body = b""

    def feed(self, data: bytes) -> None:
        """Take what was read. BadRequestError when it is no answer."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            raise BadRequestError(502, "no HTTP/1.1 answer") from None

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:
            return
        self.status = status
        self.keep_alive = self._parser.should_keep_alive()
        self.complete = self.complete or self._head_only

    def on_body(self, body: bytes) -> None:
        if self.status == 501 and len(self.body) < MAX_HEAD_BYTES:
            self.body += body

    def on_message_complete(self) -> None:
        self.complete = self.complete or self.status >= 200


def origin_form(target: bytes) -> bytes:
    """Path and query of a target in absolute form; any other target as it is."""
    if target.startswith(b"/"):
        return target
    scheme, found, rest = target.partition(b"://")
    if not found or scheme.lower() not in (b"http", b"https"):
        return target
    authority_end = min((at for at in (rest.find(b"/"), rest.find(b"?")) if at >= 0), default=len(rest))
    path = rest[authority_end:]
    return path if path.startswith(b"/") else b"/" + path

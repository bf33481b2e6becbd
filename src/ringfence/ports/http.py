"""Outbound HTTP: webhooks and media, through the egress guard."""

from typing import Protocol

import msgspec

from ringfence.domain.web_url import WebUrl


class HttpRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One request. Times in milliseconds; `max_body_bytes` bounds the answer. `target` is `url` read, if it was.

    `owner` is the account it is made for: one account's names that do not resolve must not hold up the others'.
    `connect_ms` bounds TCP and TLS each, `read_ms` the silence before and within the answer, `total_ms` everything.
    """

    method: str
    url: str
    target: WebUrl | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    connect_ms: int = 5_000
    read_ms: int = 15_000
    total_ms: int = 15_000
    max_body_bytes: int = 1 << 20
    owner: str = ""

    def __repr__(self) -> str:
        return f"HttpRequest({self.method})"


class Phases(msgspec.Struct, frozen=True, kw_only=True):
    """Milliseconds a phase took; None where it did not happen (a `reused` connection has no dns, tcp, tls).

    `first_byte_ms` counts from when the request was sent, `total_ms` from the call.
    """

    dns_ms: float | None = None
    tcp_ms: float | None = None
    tls_ms: float | None = None
    first_byte_ms: float | None = None
    total_ms: float = 0.0
    reused: bool = False


class HttpResponse(msgspec.Struct, frozen=True, kw_only=True):
    """The answer, whole. Header names are lower case."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    phases: Phases

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name), None)

    def __repr__(self) -> str:
        return f"HttpResponse({self.status})"


class HttpFailedError(Exception):
    """No answer, with Twilio's code and a cause in words that hold no URL and no body.

    11210 name not resolved, 11205 connection failed, 11220 TLS, 11200 time-out or bad answer, 11750 answer too large,
    21205 address refused by the egress guard.
    """

    def __init__(self, code: int, cause: str, phases: Phases | None = None) -> None:
        super().__init__(f"{code} {cause}")
        self.code = code
        self.cause = cause
        self.phases = phases or Phases()


class HttpClient(Protocol):
    """Redirects are not followed: the caller decides."""

    async def send(self, request: HttpRequest) -> HttpResponse:
        """The answer, or HttpFailedError."""

"""One attempt to tell a tenant's program something, written down whole: what was asked, answered, and made of it.

It holds content and numbers, so it is sealed like them (`domain.sealing.attempt`), and bounded.
"""

import re

import msgspec

MAX_ANSWER_BYTES = 16 << 10
MAX_REQUEST_BYTES = 32 << 10
MAX_BYTES = 64 << 10
MAX_EXCHANGES = 20
MAX_FINDINGS = 50
MAX_HEADERS = 40
MAX_HEADER_CHARACTERS = 500

# A capability opens a medium to whoever holds it: it is not kept.
_CAPABILITY = re.compile(rb"(Capability(?:=|%3D))[0-9A-Za-z_%-]+")
_CAPABILITY_KEPT = rb"\1(left-out)"


class Exchange(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """One request and its answer, or why there was none.

    `at_ms` is when it began (Unix); the phases are milliseconds, None where a phase did not happen. `answer` is the
    beginning of a body of `answer_bytes`. `error_code` is Twilio's, `cause` in words without content.
    """

    at_ms: int
    method: str
    url: str
    body: bytes = b""
    signature: str = ""
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    answer: bytes = b""
    answer_bytes: int = 0
    reused: bool = False
    dns_ms: float | None = None
    tcp_ms: float | None = None
    tls_ms: float | None = None
    first_byte_ms: float | None = None
    total_ms: float | None = None
    error_code: int | None = None
    cause: str = ""

    def __repr__(self) -> str:
        return f"Exchange({self.method}, {self.status})"


class Finding(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """Something that was wrong with an answer. `exchange` is its place among the exchanges, from 0; `line` and
    `column` count from 1, and are 0 where there is no place. `message` may name what the tenant wrote.
    """

    exchange: int
    code: int | None
    message: str
    line: int = 0
    column: int = 0

    def __repr__(self) -> str:
        return f"Finding({self.code}, {self.line}:{self.column})"


class Attempt(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """All of one attempt, in order. `replies` are the SIDs of the texts it sent; `left_out` counts exchanges beyond
    the bound; `cause` is why it failed, in words.
    """

    exchanges: tuple[Exchange, ...] = ()
    findings: tuple[Finding, ...] = ()
    replies: tuple[str, ...] = ()
    left_out: int = 0
    cause: str = ""

    def __repr__(self) -> str:
        return f"Attempt({len(self.exchanges)})"


def without_capabilities(data: bytes) -> bytes:
    """A URL or form without the capabilities in it."""
    return _CAPABILITY.sub(_CAPABILITY_KEPT, data) if b"Capability" in data else data

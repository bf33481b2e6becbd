"""Via: the road a request took, which its responses take back.

Source: RFC 3261, section 20.42; RFC 3581 (rport).
"""

import re

import msgspec

from ringfence.carriers.sip.grammar import (
    MalformedError,
    Parameters,
    parse_parameters,
    split_outside_quotes,
    write_parameters,
)
from ringfence.carriers.sip.uri import parse_host

BRANCH_COOKIE = "z9hG4bK"

_SENT = re.compile(r"SIP\s*/\s*2\.0\s*/\s*([A-Za-z0-9\-.!%*_+`'~]+)\s+(\S.*)", re.IGNORECASE | re.DOTALL)


class Via(msgspec.Struct, frozen=True, kw_only=True):
    """One hop: transport in upper case, the sender's host and port as it wrote them, and parameters."""

    transport: str
    host: str
    port: int | None = None
    parameters: Parameters = ()

    def __str__(self) -> str:
        place = self.host if self.port is None else f"{self.host}:{self.port}"
        return f"SIP/2.0/{self.transport} {place}{write_parameters(self.parameters)}"

    def __repr__(self) -> str:
        return f"Via({self.transport})"

    def parameter(self, name: str) -> str | None:
        """A parameter's value, "" for one without a value, None where it is absent."""
        for key, value in self.parameters:
            if key == name:
                return value or ""
        return None

    @property
    def branch(self) -> str | None:
        """The transaction's identity; None where there is none that RFC 3261 would know by its cookie alone."""
        branch = self.parameter("branch")
        if branch is None or not branch.startswith(BRANCH_COOKIE) or len(branch) == len(BRANCH_COOKIE):
            return None
        return branch

    def with_parameter(self, name: str, value: str | None) -> "Via":
        """The same hop with a parameter set where it stood, or added."""
        if any(key == name for key, _ in self.parameters):
            changed = tuple((key, value if key == name else old) for key, old in self.parameters)
        else:
            changed = (*self.parameters, (name, value))
        return msgspec.structs.replace(self, parameters=changed)

    def received_from(self, host: str, port: int) -> "Via":
        """The hop with where it really came from: `received` where that differs, `rport` where it was asked for."""
        via = self
        if self.host.strip("[]") != host or self.parameter("rport") is not None:
            via = via.with_parameter("received", host)
        if self.parameter("rport") is not None:
            via = via.with_parameter("rport", str(port))
        return via


def parse_via(text: str) -> Via:
    """Read one hop. MalformedError."""
    place, *pieces = split_outside_quotes(text, ";")
    match = _SENT.fullmatch(place)
    if match is None:
        raise MalformedError("no valid hop in Via")
    host, port = parse_host(re.sub(r"\s*:\s*", ":", match[2]) if "[" not in match[2] else match[2])
    return Via(transport=match[1].upper(), host=host, port=port, parameters=parse_parameters(pieces))

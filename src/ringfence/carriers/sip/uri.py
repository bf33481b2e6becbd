"""SIP, SIPS and tel URIs: read, written, and compared as the RFC compares them.

Source: RFC 3261, sections 19.1 and 25.1; RFC 3966 (tel).
"""

import re

import msgspec

from ringfence.carriers.sip.grammar import MalformedError, Parameters

DEFAULT_PORTS = {"sip": 5060, "sips": 5061}

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):(.+)", re.DOTALL)
_HEX = re.compile(r"%([0-9A-Fa-f]{2})")
_USER = re.compile(r"(?:[A-Za-z0-9\-_.!~*'()&=+$,;?/]|%[0-9A-Fa-f]{2})+")
_PASSWORD = re.compile(r"(?:[A-Za-z0-9\-_.!~*'()&=+$,]|%[0-9A-Fa-f]{2})*")
_PARAMETER = re.compile(r"(?:[A-Za-z0-9\-_.!~*'()\[\]/:&+$]|%[0-9A-Fa-f]{2})+")
_HEADER = re.compile(r"(?:[A-Za-z0-9\-_.!~*'()\[\]/?:+$]|%[0-9A-Fa-f]{2})*")
_HOST = re.compile(
    r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9\-_]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9\-_]*[A-Za-z0-9])?)*\.?)(?::([0-9]+))?"
)
_ANY = re.compile(r"[^\s<>\"\x00-\x20\x7f]+")
_TEL = re.compile(r"(\+[0-9\-.()]*[0-9][0-9\-.()]*|[0-9A-Fa-f*#\-.()]+)")
# What a user part may hold as it is (section 25.1: unreserved and user-unreserved).
_PLAIN_USER = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.!~*'()&=+$,;?/")
# Section 19.1.4: these count in a comparison even where only one URI has them.
_TELLING = frozenset({"user", "ttl", "method", "maddr", "transport"})


class SipUri(msgspec.Struct, frozen=True, kw_only=True):
    """A SIP or SIPS URI. `user` is None or its unescaped text; `host` is lower case, IPv6 in its brackets.

    `parameters` and `headers` stay escaped and in order; parameter names are lower case.
    """

    host: str
    user: str | None = None
    password: str | None = None
    port: int | None = None
    scheme: str = "sip"
    parameters: Parameters = ()
    headers: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        user = "" if self.user is None else _escape_user(self.user)
        if self.password is not None:
            user += f":{self.password}"
        at = "@" if self.user is not None else ""
        return f"{self.scheme}:{user}{at}{self.address}{_written(self.parameters)}{self._query}"

    def __repr__(self) -> str:
        return f"SipUri({self.scheme})"

    @property
    def address(self) -> str:
        """Host, and the port where one was given."""
        return self.host if self.port is None else f"{self.host}:{self.port}"

    @property
    def default_port(self) -> int:
        """The port a request to this URI goes to when it names none and no SRV record does."""
        return DEFAULT_PORTS["sips" if self.scheme == "sips" or self.parameter("transport") == "tls" else "sip"]

    def parameter(self, name: str) -> str | None:
        """A parameter's value, "" for one without a value, None where it is absent."""
        for key, value in self.parameters:
            if key == name:
                return value or ""
        return None

    @property
    def _query(self) -> str:
        return "?" + "&".join(f"{name}={value}" for name, value in self.headers) if self.headers else ""


class TelUri(msgspec.Struct, frozen=True, kw_only=True):
    """A telephone number: `number` without its visual separators, global with its plus, else local."""

    number: str
    parameters: Parameters = ()

    def __str__(self) -> str:
        return f"tel:{self.number}{_written(self.parameters)}"

    def __repr__(self) -> str:
        return "TelUri(…)"


class OtherUri(msgspec.Struct, frozen=True, kw_only=True):
    """A URI of a scheme that is not ours to route; `text` is all of it."""

    scheme: str
    text: str

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"OtherUri({self.scheme})"


Uri = SipUri | TelUri | OtherUri


def parse_uri(text: str) -> Uri:
    """Read any URI that a SIP message can name, or raise MalformedError."""
    match = _SCHEME.fullmatch(text)
    if match is None or not _ANY.fullmatch(text):
        raise MalformedError("not a URI")
    scheme, rest = match[1].lower(), match[2]
    if scheme in DEFAULT_PORTS:
        return _parse_sip(scheme, rest)
    if scheme == "tel":
        return _parse_tel(rest)
    return OtherUri(scheme=scheme, text=text)


def parse_host(text: str) -> tuple[str, int | None]:
    """Host in lower case and port of `host[:port]`. MalformedError."""
    match = _HOST.fullmatch(text)
    if match is None:
        raise MalformedError("no valid host")
    port = int(match[2]) if match[2] and len(match[2]) <= 5 else 0 if match[2] else None
    if port is not None and not 0 < port < 65_536:
        raise MalformedError("a port that does not exist")
    return match[1].lower(), port


def same_uri(one: Uri, other: Uri) -> bool:
    """Whether two URIs mean the same (RFC 3261, section 19.1.4; others letter by letter)."""
    if not (isinstance(one, SipUri) and isinstance(other, SipUri)):
        return type(one) is type(other) and str(one) == str(other)
    if (one.scheme, one.user, one.password, one.host, one.port) != (
        other.scheme,
        other.user,
        other.password,
        other.host,
        other.port,
    ):
        return False
    ours, theirs = _folded(one.parameters), _folded(other.parameters)
    if any(ours.get(name) != theirs.get(name) for name in _TELLING & (ours.keys() | theirs.keys())):
        return False
    if any(ours[name] != theirs[name] for name in ours.keys() & theirs.keys()):
        return False
    return sorted(_folded_headers(one)) == sorted(_folded_headers(other))


def _parse_sip(scheme: str, rest: str) -> SipUri:
    userinfo, at, place = rest.rpartition("@")
    user, password = _parse_user(userinfo) if at else (None, None)
    place, question, query = place.partition("?")
    host_text, *pieces = place.split(";")
    host, port = parse_host(host_text)
    return SipUri(
        scheme=scheme,
        user=user,
        password=password,
        host=host,
        port=port,
        parameters=_parse_parameters(pieces),
        headers=_parse_headers(query) if question else (),
    )


def _parse_user(userinfo: str) -> tuple[str, str | None]:
    user, colon, password = userinfo.partition(":")
    if not _USER.fullmatch(user) or (colon and not _PASSWORD.fullmatch(password)):
        raise MalformedError("no valid user part")
    return _unescape(user), password if colon else None


def _parse_parameters(pieces: list[str]) -> Parameters:
    parameters: list[tuple[str, str | None]] = []
    for piece in pieces:
        name, equals, value = piece.partition("=")
        if not _PARAMETER.fullmatch(name) or (equals and not _PARAMETER.fullmatch(value)):
            raise MalformedError("no valid URI parameter")
        parameters.append((name.lower(), value if equals else None))
    if len({name for name, _ in parameters}) < len(parameters):
        raise MalformedError("a URI parameter given twice")
    return tuple(parameters)


def _parse_headers(query: str) -> tuple[tuple[str, str], ...]:
    headers = []
    for piece in query.split("&"):
        name, equals, value = piece.partition("=")
        if not equals or not name or not _HEADER.fullmatch(name) or not _HEADER.fullmatch(value):
            raise MalformedError("no valid header in a URI")
        headers.append((name, value))
    return tuple(headers)


def _parse_tel(rest: str) -> TelUri:
    number, *pieces = rest.split(";")
    if not _TEL.fullmatch(number):
        raise MalformedError("no valid telephone number")
    return TelUri(number=re.sub(r"[\-.()]", "", number), parameters=_parse_parameters(pieces))


def _unescape(text: str) -> str:
    if "%" not in text:
        return text
    raw = bytearray()
    for index, piece in enumerate(_HEX.split(text)):
        raw += bytes.fromhex(piece) if index % 2 else piece.encode()
    return raw.decode("utf-8", "surrogateescape")


def _escape_user(text: str) -> str:
    return "".join(
        character
        if character in _PLAIN_USER
        else "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogateescape"))
        for character in text
    )


def _written(parameters: Parameters) -> str:
    return "".join(f";{name}" if value is None else f";{name}={value}" for name, value in parameters)


def _folded(parameters: Parameters) -> dict[str, str]:
    return {name: _unescape(value or "").lower() for name, value in parameters}


def _folded_headers(uri: SipUri) -> list[tuple[str, str]]:
    return [(name.lower(), _unescape(value)) for name, value in uri.headers]

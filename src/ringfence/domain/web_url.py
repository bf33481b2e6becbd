"""The URL of a webhook, read strictly: one reading for whoever checks it and whoever connects.

Source: RFC 3986; WHATWG URL, "ends in a number checker"; Twilio, error 21609 (4,000 characters).
"""

import ipaddress
import re
from urllib.parse import urljoin

import msgspec

MAX_CHARACTERS = 4_000
DEFAULT_PORTS = {"http": 80, "https": 443}

_URL = re.compile(r"(https?)://([^/?#]*)([^#]*)(?:#(.*))?", re.IGNORECASE)
_AUTHORITY = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::([0-9]{0,5}))?")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_IPV4 = re.compile(r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\.(?!$)|$)){4}")
# Printable ASCII but the space and the backslash, which some parsers take for a slash.
_CHARACTERS = re.compile(r"[!-\[\]-~]+")


class InvalidUrlError(ValueError):
    """Not a URL that ringfence calls. The reason holds no part of the URL."""


class WebUrl(msgspec.Struct, frozen=True):
    """An absolute http or https URL.

    `text` is the URL as written but for its fragment, with "/" where there was no path: what is called and signed.
    `host` is lower case, an IPv6 address without its brackets; `target` is path and query as sent. `host_header` keeps
    the case, so that the receiver sees the URL that was signed; it names the port only where it is not the scheme's.
    """

    text: str
    scheme: str
    host: str
    port: int
    target: str
    host_header: str
    fragment: str = ""

    def __repr__(self) -> str:
        return f"WebUrl({self.scheme})"

    @property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host and port: what a connection can be shared for."""
        return self.scheme, self.host, self.port

    def join(self, reference: str) -> "WebUrl":
        """The URL that a reference (absolute or relative) on this page means; InvalidUrlError."""
        if not _CHARACTERS.fullmatch(reference):
            raise InvalidUrlError("a character that a URL cannot hold")
        try:
            joined = urljoin(self.text, reference)
        except ValueError:
            # The library reads brackets in its own way, and its text repeats the reference.
            raise InvalidUrlError("no valid host name") from None
        return parse_url(joined)

    @property
    def with_fragment(self) -> str:
        """The URL's text and its fragment: what to keep, where `text` is what to call."""
        return f"{self.text}#{self.fragment}" if self.fragment else self.text

    def with_query(self, query: str) -> str:
        """The URL's text with `query` appended to whatever query it has."""
        if not query:
            return self.text
        return self.text + ("&" if "?" in self.text else "?") + query


def parse_url(text: str, *, max_characters: int = MAX_CHARACTERS) -> WebUrl:
    """Read a URL, or raise InvalidUrlError. A query that a form was added to may need a higher `max_characters`.

    Refused: other schemes, user names and passwords, control characters, spaces, backslashes and anything outside
    ASCII, zone identifiers, numeric hosts in any form but four plain decimals, ports outside 1–65535.
    """
    if len(text) > max_characters:
        raise InvalidUrlError(f"longer than {max_characters:,} characters")
    if not _CHARACTERS.fullmatch(text):
        raise InvalidUrlError("a character that a URL cannot hold")
    match = _URL.fullmatch(text)
    if match is None:
        raise InvalidUrlError("not an http or https URL")
    scheme, authority, target, fragment = match[1].lower(), match[2], match[3], match[4] or ""
    if "@" in authority:
        raise InvalidUrlError("a user name in the URL")
    parts = _AUTHORITY.fullmatch(authority)
    if parts is None:
        raise InvalidUrlError("no valid host name")
    host = _ipv6(parts[1]) if parts[1] else _host(parts[2].lower())
    port = int(parts[3]) if parts[3] else DEFAULT_PORTS[scheme]
    if not 0 < port < 65_536:
        raise InvalidUrlError("a port that does not exist")
    if not target.startswith("/"):
        target = "/" + target
    shown = f"[{host}]" if parts[1] else parts[2]
    return WebUrl(
        text=f"{match[1]}://{authority}{target}",
        scheme=scheme,
        host=host,
        port=port,
        target=target,
        host_header=shown if port == DEFAULT_PORTS[scheme] else f"{shown}:{port}",
        fragment=fragment,
    )


def _ipv6(text: str) -> str:
    try:
        return str(ipaddress.IPv6Address(text))
    except ValueError:
        raise InvalidUrlError("no valid IPv6 address") from None


def _host(name: str) -> str:
    labels = name.removesuffix(".").split(".")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise InvalidUrlError("no valid host name")
    # Resolvers read 127.1, 0x7f.1 and 2130706433 as addresses: only the plain form may pass for one.
    if _NUMBER.fullmatch(labels[-1]) and not _IPV4.fullmatch(name):
        raise InvalidUrlError("no valid IPv4 address")
    return name

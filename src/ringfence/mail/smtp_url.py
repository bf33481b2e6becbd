"""A relay as one URL writes it: smtp://USER:PASSWORD@HOST:PORT, or smtps:// for TLS from the first byte.

Without TLS mail goes to loopback alone. Sources: RFC 8314, sections 3.3 and 7.3; RFC 3207.
"""

import ipaddress
from typing import Final, Literal
from urllib.parse import unquote, urlsplit

import msgspec

SUBMISSION_PORT: Final = 587
SUBMISSIONS_PORT: Final = 465
LOOPBACK_PORT: Final = 25


class SmtpServer(msgspec.Struct, frozen=True, kw_only=True):
    """Where mail is handed in. `security`: TLS from the first byte, by STARTTLS, which must be there, or none."""

    host: str
    port: int
    security: Literal["tls", "starttls", "none"]
    user: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return f"SmtpServer({self.host}:{self.port}, {self.security})"


def parse_smtp_url(text: str) -> SmtpServer:
    """ValueError, in words that hold nothing of the URL, for what is none."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError("no URL of a mail server") from None
    if parts.scheme not in ("smtp", "smtps"):
        raise ValueError("a mail server's URL begins with smtp:// or smtps://")
    host = parts.hostname or ""
    if not host or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError("expected smtp://HOST:PORT, with USER:PASSWORD@ before the host where it asks for them")
    if (parts.username is None) is not (parts.password is None):
        raise ValueError("a user comes with a password")
    local = _is_loopback(host)
    security: Literal["tls", "starttls", "none"] = "none" if local else "starttls"
    default = LOOPBACK_PORT if local else SUBMISSION_PORT
    if parts.scheme == "smtps":
        security, default = "tls", SUBMISSIONS_PORT
    return SmtpServer(
        host=host,
        port=port or default,
        security=security,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

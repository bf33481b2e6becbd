"""Which pages and apps may use the passkeys of a domain.

Source: WebAuthn Level 3, sections 4 (RP ID), 5.1.3 and 13.4.9; RFC 6454, section 6.2; Android's "Verify origin".
"""

import ipaddress
import re
from typing import Final

from ringfence.domain.web_url import DEFAULT_PORTS, InvalidUrlError, parse_url

_SECURE: Final = "https://"
_APP = re.compile(r"android:apk-key-hash:[A-Za-z0-9_-]{43}")
_LOCAL = "localhost"


def read_domain(text: str) -> str:
    """A domain as browsers write it; ValueError, also for an address."""
    name = text.lower()
    try:
        host = parse_url(f"{_SECURE}{name}/").host
    except InvalidUrlError:
        raise ValueError("expected a domain") from None
    if host != name or host.endswith(".") or _is_address(host):
        raise ValueError("expected a domain")
    return host


def read_origin(text: str) -> str:
    """A page's origin as browsers write it, or an Android app's. Without a scheme it is https.

    http is taken for localhost alone, where nothing leaves the machine.
    """
    if _APP.fullmatch(text):
        return text
    written = text if "://" in text else f"{_SECURE}{text}"
    try:
        url = parse_url(written.lower())
    except InvalidUrlError:
        raise ValueError("expected an origin") from None
    local = url.host == _LOCAL or url.host.endswith(f".{_LOCAL}")
    if url.scheme == "http" and not local:
        raise ValueError("expected an origin over https")
    port = "" if url.port == DEFAULT_PORTS[url.scheme] else f":{url.port}"
    origin = f"{url.scheme}://{read_domain(url.host)}{port}"
    if written.lower() not in (origin, f"{origin}:{DEFAULT_PORTS[url.scheme]}"):
        raise ValueError("expected an origin")
    return origin


def may_use(origin: str, domain: str) -> bool:
    """Whether a page of `origin` may use passkeys of `domain`: it is of it, or below it. Apps may be of any."""
    if _APP.fullmatch(origin):
        return True
    host = parse_url(origin).host
    return host == domain or host.endswith(f".{domain}")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True

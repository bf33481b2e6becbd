"""Who really asks, and by which scheme, where a reverse proxy stands before the public port.

`X-Forwarded-For` and `X-Forwarded-Proto` are believed of the proxies that the operator named and of nobody else: anyone
may send them. Source: MDN, "X-Forwarded-For", section "Selecting an IP address"; RFC 7239 for the syntax of addresses.
"""

import ipaddress
import re
from collections.abc import Sequence
from typing import TypeAlias

from starlette.types import ASGIApp, Receive, Scope, Send

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

# More than any road through proxies has, and little to walk for who sends many.
HOPS_MAX = 32
_WITH_PORT = re.compile(r"([0-9.]+):[0-9]{1,5}|\[([0-9A-Fa-f:.]+)\](?::[0-9]{1,5})?")


def parse_networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Addresses and networks (CIDR). ValueError for what is neither."""
    return tuple(ipaddress.ip_network(text.strip(), strict=False) for text in texts)


class TrustedProxies:
    """ASGI middleware: sets the scope's client and scheme to what a trusted proxy says of them."""

    def __init__(self, app: ASGIApp, networks: Sequence[Network]) -> None:
        self._app = app
        self._networks = tuple(networks)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._trusts(_address((scope.get("client") or ("",))[0])):
            scope = {**scope, **self._told(scope)}
        await self._app(scope, receive, send)

    def _trusts(self, address: Address | None) -> bool:
        return address is not None and any(
            address.version == network.version and address in network for network in self._networks
        )

    def _told(self, scope: Scope) -> Scope:
        told: Scope = {}
        forwarded = ",".join(_values(scope, b"x-forwarded-for"))
        if (client := self._client(forwarded)) is not None:
            told["client"] = (str(client), 0)
        schemes = ",".join(_values(scope, b"x-forwarded-proto")).lower().rsplit(",", 1)
        if (scheme := schemes[-1].strip()) in ("http", "https"):
            told["scheme"] = scheme
        return told

    def _client(self, forwarded: str) -> Address | None:
        """The last address that no trusted proxy has: what is before it may be made up. None where there is none."""
        client: Address | None = None
        for text in reversed(forwarded.rsplit(",", HOPS_MAX)[-HOPS_MAX:]):
            address = _address(text.strip())
            if address is None:
                break
            client = address
            if not self._trusts(address):
                break
        return client


def _values(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]


def _address(text: str) -> Address | None:
    """An address, with or without a port; an IPv4 one that came over IPv6 as what it is."""
    found = _WITH_PORT.fullmatch(text)
    try:
        address = ipaddress.ip_address(found[1] or found[2] if found else text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address

"""Where a SIP host is: the places to try, in order."""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec

from ringfence.carriers.sip.flow import Place
from ringfence.carriers.sip.uri import DEFAULT_PORTS

# The addresses of a name, looked up for an owner; OSError.
Resolve = Callable[[str, str], Awaitable[list[str]]]
# A name that takes longer has no address for a call that waits.
LOOKUP_S = 8.0


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """One place and how it is spoken to; `name` is what its certificate must say."""

    transport: str
    place: Place
    name: str = ""

    def __repr__(self) -> str:
        return f"Target({self.transport})"


class Locator(Protocol):
    """Finds hosts."""

    async def targets(
        self, host: str, port: int | None, transport: str | None, *, secure: bool = False, owner: str = ""
    ) -> list[Target]:
        """The places of a host, the first to be tried first; [] for one that is not found.

        `transport` (UDP, TCP, TLS) and `port` are what is known already; `secure` asks for TLS. `owner` is whose call
        it is for.
        """


class AddressLocator:
    """Addresses alone, as the machine resolves them: for hosts without SRV records, and where DNS is not asked."""

    def __init__(self, resolve: Resolve | None = None) -> None:
        self._resolve = resolve or _resolved

    async def targets(
        self, host: str, port: int | None, transport: str | None, *, secure: bool = False, owner: str = ""
    ) -> list[Target]:
        """The addresses of a host."""
        chosen = "TLS" if secure else transport or "UDP"
        place = port or DEFAULT_PORTS["sips" if chosen == "TLS" else "sip"]
        found = await self.addresses(host, owner)
        return [Target(transport=chosen, place=(address, place), name=host) for address in found]

    async def addresses(self, host: str, owner: str = "") -> list[str]:
        """The addresses of a name, or the address itself; [] where it has none, or none in time."""
        bare = host.strip("[]")
        if is_address(bare):
            return [bare]
        try:
            async with asyncio.timeout(LOOKUP_S):
                return await self._resolve(bare, owner)
        except (OSError, TimeoutError):
            return []


async def _resolved(host: str, owner: str) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_DGRAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def is_address(host: str) -> bool:
    """Whether a host part is an address and no name."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True

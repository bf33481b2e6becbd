"""Where a SIP host is, by NAPTR and SRV records as they are meant: transport first, then priority and weight.

Source: RFC 3263, section 4; RFC 2782 (SRV); RFC 3403 (NAPTR).
"""

import random
from collections.abc import Callable, Sequence
from typing import Any

import dns.asyncresolver
import dns.exception
import dns.resolver
import msgspec

from ringfence.carriers.sip.locator import AddressLocator, Resolve, Target, is_address

LIFETIME_S = 4.0
MAX_TARGETS = 20
# What of NAPTR's services we speak, and where SRV has each transport.
_SERVICES = {"SIPS+D2T": "TLS", "SIP+D2T": "TCP", "SIP+D2U": "UDP"}
_SRV = {"UDP": "_sip._udp", "TCP": "_sip._tcp", "TLS": "_sips._tcp"}


class _Server(msgspec.Struct, frozen=True):
    priority: int
    weight: int
    port: int
    host: str


class DnsLocator:
    """Asks DNS; addresses of names come from the machine's own resolver, which knows its hosts file too."""

    def __init__(self, resolver: dns.asyncresolver.Resolver | None = None, *, resolve: Resolve | None = None) -> None:
        self._resolver = resolver
        self._addresses = AddressLocator(resolve)

    def __repr__(self) -> str:
        return "DnsLocator()"

    async def targets(
        self, host: str, port: int | None, transport: str | None, *, secure: bool = False, owner: str = ""
    ) -> list[Target]:
        """The places of a host, the first to be tried first; [] for one that is not found."""
        if port is not None or is_address(host):
            return await self._addresses.targets(host, port, transport, secure=secure, owner=owner)
        wanted = ["TLS"] if secure else [transport] if transport else await self._transports(host)
        for one in wanted:
            found = await self._served(host, one, owner)
            if found:
                return found
        first = wanted[0] if wanted else transport
        return await self._addresses.targets(host, None, first, secure=secure, owner=owner)

    async def _transports(self, host: str) -> list[str]:
        """By what a host wants to be reached: its NAPTR records in order, else UDP, TCP and TLS."""
        records = await self._ask(host, "NAPTR")
        ordered = sorted(records, key=lambda record: (record.order, record.preference))
        named = [_SERVICES.get(record.service.decode("ascii", "replace").upper(), "") for record in ordered]
        return list(dict.fromkeys(one for one in named if one)) or ["UDP", "TCP", "TLS"]

    async def _served(self, host: str, transport: str, owner: str) -> list[Target]:
        """The places that SRV records name for a transport. Its certificate must name the host itself (RFC 5922)."""
        records = await self._ask(f"{_SRV[transport]}.{host}", "SRV")
        servers = [
            _Server(record.priority, record.weight, record.port, record.target.to_text(omit_final_dot=True))
            for record in records
            if record.port
        ]
        targets: list[Target] = []
        for server in by_priority(servers, random.random)[:MAX_TARGETS]:
            for address in await self._addresses.addresses(server.host, owner):
                targets.append(Target(transport=transport, place=(address, server.port), name=host))
        return targets[:MAX_TARGETS]

    async def _ask(self, name: str, kind: str) -> Sequence[Any]:
        """The records of a name; none where it has none, and none where nobody answers."""
        if self._resolver is None:
            try:
                self._resolver = dns.asyncresolver.Resolver()
            except dns.resolver.NoResolverConfiguration:
                return ()
            self._resolver.cache = dns.resolver.LRUCache(1_000)
        try:
            return list(await self._resolver.resolve(name, kind, lifetime=LIFETIME_S))
        except dns.exception.DNSException:
            return ()


def by_priority(servers: Sequence[_Server], draw: Callable[[], float]) -> list[_Server]:
    """In the order to be tried: the lowest priority first; of equals by lot, weighted. `draw` gives 0 to 1."""
    ordered: list[_Server] = []
    for priority in sorted({server.priority for server in servers}):
        # Those of weight 0 come first in the lot, so that they are hardly ever drawn (RFC 2782).
        left = sorted((server for server in servers if server.priority == priority), key=lambda one: one.weight)
        while left:
            mark = draw() * sum(server.weight for server in left)
            place, total = 0, left[0].weight
            while total < mark and place < len(left) - 1:
                place += 1
                total += left[place].weight
            ordered.append(left.pop(place))
    return ordered

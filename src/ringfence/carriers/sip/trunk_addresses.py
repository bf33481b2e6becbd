"""Which trunk an address belongs to: those an operator lists, and those that the trunks' names mean just now.

A carrier takes what comes from our address for ours, and bills it: so no SIP address of a program may lead to one.
"""

import asyncio
import ipaddress
from collections.abc import Sequence

from ringfence.carriers.sip.locator import Locator
from ringfence.carriers.sip.trunk import Trunk
from ringfence.carriers.sip.uri import parse_host

REFRESH_S = 60.0


class TrunkAddresses:
    """Listed networks hold at once; names are looked up by `refresh`."""

    def __init__(self, trunks: Sequence[Trunk], locator: Locator) -> None:
        self._trunks = trunks
        self._locator = locator
        self._listed = [(network, trunk) for trunk in trunks for network in trunk.networks]
        self._found: dict[str, Trunk] = {}
        # All that a trunk's names ever meant, its proxy's too: carriers change addresses, and the old ones still bill.
        self._reached: set[str] = set()

    def __repr__(self) -> str:
        return f"TrunkAddresses({len(self._found)} found)"

    def at(self, address: str) -> Trunk | None:
        """The trunk whose address this is."""
        found = self._found.get(address)
        if found is not None or not self._listed:
            return found
        try:
            place = ipaddress.ip_address(address)
        except ValueError:
            return None
        return next((trunk for network, trunk in self._listed if place in network), None)

    def leads(self, host: str) -> bool:
        """Whether a host, a name or an address, is where a trunk of ours takes calls."""
        bare = host.strip("[]").rstrip(".").lower()
        names = (name for trunk in self._trunks for name in _hosts(trunk))
        return bare in self._reached or bare in names or self.at(bare) is not None

    async def refresh(self) -> None:
        """Look the names up anew; one that does not resolve now keeps the addresses it had."""
        looked_up = await asyncio.gather(*(self._addresses(trunk) for trunk in self._trunks))
        found: dict[str, Trunk] = {}
        for trunk, addresses in zip(self._trunks, looked_up, strict=True):
            kept = addresses or [address for address, owner in self._found.items() if owner is trunk]
            for address in kept:
                found.setdefault(address, trunk)
            self._reached.update(kept)
            if trunk.outbound_proxy:
                self._reached.update(await self._proxied(trunk))
        self._found = found

    async def _addresses(self, trunk: Trunk) -> list[str]:
        targets = await self._locator.targets(trunk.host, trunk.port or None, trunk.transport.upper())
        return [target.place[0] for target in targets]

    async def _proxied(self, trunk: Trunk) -> list[str]:
        host, port = parse_host(trunk.outbound_proxy)
        targets = await self._locator.targets(host, port, trunk.transport.upper())
        return [target.place[0] for target in targets]


def _hosts(trunk: Trunk) -> list[str]:
    """The names that a trunk takes calls by."""
    proxy = [parse_host(trunk.outbound_proxy)[0]] if trunk.outbound_proxy else []
    return [host.strip("[]").rstrip(".").lower() for host in (trunk.host, *proxy)]

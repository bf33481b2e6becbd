"""Which trunk an address belongs to: those an operator lists, and those that the trunks' names mean just now."""

import asyncio
import ipaddress
from collections.abc import Sequence

from ringfence.carriers.sip.locator import Locator
from ringfence.carriers.sip.trunk import Trunk

REFRESH_S = 60.0


class TrunkAddresses:
    """Listed networks hold at once; names are looked up by `refresh`."""

    def __init__(self, trunks: Sequence[Trunk], locator: Locator) -> None:
        self._trunks = trunks
        self._locator = locator
        self._listed = [(network, trunk) for trunk in trunks for network in trunk.networks]
        self._found: dict[str, Trunk] = {}

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

    async def refresh(self) -> None:
        """Look the names up anew; one that does not resolve now keeps the addresses it had."""
        looked_up = await asyncio.gather(*(self._addresses(trunk) for trunk in self._trunks))
        found: dict[str, Trunk] = {}
        for trunk, addresses in zip(self._trunks, looked_up, strict=True):
            kept = addresses or [address for address, owner in self._found.items() if owner is trunk]
            for address in kept:
                found.setdefault(address, trunk)
        self._found = found

    async def _addresses(self, trunk: Trunk) -> list[str]:
        targets = await self._locator.targets(trunk.host, trunk.port or None, trunk.transport.upper())
        return [target.place[0] for target in targets]

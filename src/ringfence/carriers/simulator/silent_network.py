"""The platform's side of the simulated network's silent authentication."""

from typing import Protocol

from ringfence.ports.silent_network import Finding


class SilentLink(Protocol):
    """What the platform asks of the network, near or far. ConnectionError: it is away."""

    async def offer(self, ref: str, number: str, until_ms: int, with_token: bool) -> str: ...

    async def finding(self, ref: str, client_token: str) -> Finding: ...


class SimulatedSilentNetwork:
    """`ports.silent_network.SilentNetwork` over a link; addresses begin with `base_url`."""

    def __init__(self, link: SilentLink, base_url: str) -> None:
        self._link = link
        self._base_url = base_url.rstrip("/")

    async def offer(self, ref: str, number: str, until_ms: int, *, with_token: bool = False) -> str:
        return self._base_url + await self._link.offer(ref, number, until_ms, with_token)

    async def finding(self, ref: str, client_token: str = "") -> Finding:
        return await self._link.finding(ref, client_token)

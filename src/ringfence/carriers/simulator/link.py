"""The link between platform and simulated network over a Unix socket.

The network is a process of its own, so that it behaves as a message centre does when the platform dies: it keeps what
was not acknowledged.
"""

import asyncio
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TypeVar

from ringfence.carriers.simulator.carrier import LinkedCarrier
from ringfence.carriers.simulator.exchange import Exchange
from ringfence.carriers.simulator.mailbox import News
from ringfence.domain.lookups.packages import Packages
from ringfence.ipc.client import Client
from ringfence.ipc.faults import RemoteError
from ringfence.ipc.server import Server, serve
from ringfence.ipc.verbs import Handler
from ringfence.ports.carrier import Submit, Submitted
from ringfence.ports.lookups import Question
from ringfence.ports.silent_network import Finding

# A frame holds this many texts whatever their length.
TEXTS_PER_CALL = 100
ANSWER_MS = 5_000

T = TypeVar("T")


async def serve_link(path: Path, exchange: Exchange, allowed_uids: Collection[int] | None = None) -> Server:
    """Answer the platform at `path` until the returned server is closed."""
    handlers: dict[str, Handler] = {
        "bind": exchange.bind,
        "submit": exchange.submit,
        "news": exchange.news,
        "know": exchange.know,
        "offer": exchange.offer,
        "finding": exchange.finding,
        "notify": exchange.notify,
    }
    return await serve(path, handlers, allowed_uids)


class LinkClient:
    """The far end of the link. It connects when first used, and again after the network was away."""

    def __init__(self, path: Path) -> None:
        self._client = Client(path)

    async def bind(self) -> None:
        await self._call("bind", returns=type(None), wait_ms=ANSWER_MS)

    async def submit(self, texts: Sequence[Submit]) -> list[Submitted]:
        # All parts leave together: whoever checked a lease before this call checked it for the last of them too.
        parts = [list(texts[start : start + TEXTS_PER_CALL]) for start in range(0, len(texts), TEXTS_PER_CALL)]
        calls = [self._call("submit", part, returns=list[Submitted], wait_ms=ANSWER_MS) for part in parts]
        return [answer for answers in await asyncio.gather(*calls) for answer in answers]

    async def news(self, acked: Sequence[int], again: Sequence[int], limit: int, wait_ms: int) -> list[News]:
        wanted = min(limit, TEXTS_PER_CALL)
        return await self._call("news", acked, again, wanted, wait_ms, returns=list[News], wait_ms=wait_ms + ANSWER_MS)

    async def know(self, question: Question) -> Packages:
        """As `ports.lookups.NumberIntelligence`, of which the link is one."""
        return await self._call("know", question, returns=Packages, wait_ms=ANSWER_MS)

    async def offer(self, ref: str, number: str, until_ms: int, with_token: bool) -> str:
        """As `carriers.simulator.silent_network.SilentLink`, of which the link is one."""
        return await self._call("offer", ref, number, until_ms, with_token, returns=str, wait_ms=ANSWER_MS)

    async def finding(self, ref: str, client_token: str) -> Finding:
        return await self._call("finding", ref, client_token, returns=Finding, wait_ms=ANSWER_MS)

    async def notify(self, token: str, sender: str, body: str) -> None:
        """As `carriers.simulator.push.PushLink`, of which the link is one."""
        await self._call("notify", token, sender, body, returns=type(None), wait_ms=ANSWER_MS)

    async def _call(self, verb: str, *args: object, returns: type[T], wait_ms: int) -> T:
        try:
            return await self._client.call(verb, *args, returns=returns, timeout_s=wait_ms / 1000)
        except RemoteError as error:
            raise ConnectionError("the simulated network failed") from error

    async def close(self) -> None:
        """Drop the connection. Idempotent."""
        await self._client.close()


class SimulatorCarrier(LinkedCarrier):
    """`ports.carrier.Carrier` whose network answers at the Unix socket `path`."""

    def __init__(self, path: Path) -> None:
        link = LinkClient(path)
        super().__init__(link)
        self.close = link.close

"""The link to the simulated network without time-outs: news wait until there are some, or until somebody looks."""

import asyncio
from collections.abc import Sequence

from ringfence.carriers.simulator.mailbox import News
from ringfence.carriers.simulator.network import Network
from ringfence.ports.carrier import Submit, Submitted


class StillLink:
    """A `Link` into a network of the same event loop, which `look` keeps going."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._stirred = asyncio.Event()
        network.changes.listen(self._stirred.set)

    def look(self) -> None:
        """Do what is due on the network, and have the reader look for news."""
        self._network.advance()
        self._stirred.set()

    def next_due_ms(self) -> int | None:
        """When to look again; None where nothing is on its way."""
        news_ms = self._network.mailbox.next_ms(self._network.clock.monotonic_ms())
        moments = [moment for moment in (self._network.next_due_ms(), news_ms) if moment is not None]
        return min(moments, default=None)

    async def bind(self) -> None:
        self._network.mailbox.put_all_back()

    async def submit(self, texts: Sequence[Submit]) -> list[Submitted]:
        self._answer()
        answers = self._network.submit(texts)
        asyncio.get_running_loop().call_soon(self.look)
        return answers

    async def news(self, acked: Sequence[int], again: Sequence[int], limit: int, wait_ms: int) -> list[News]:
        network, mailbox = self._network, self._network.mailbox
        network.acknowledge(acked)
        mailbox.put_back(again, network.clock.monotonic_ms())
        while True:
            items = mailbox.take(limit, network.clock.monotonic_ms())
            if items:
                return items
            self._stirred.clear()
            await self._stirred.wait()

    def _answer(self) -> None:
        if not self._network.answers():
            raise ConnectionResetError("the simulated network is disconnected")

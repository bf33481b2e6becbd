"""The network in one event loop: keeps its time, and lets a carrier wait for news."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from ringfence.carriers.simulator.mailbox import News
from ringfence.carriers.simulator.network import Network
from ringfence.domain.lookups.packages import Packages
from ringfence.ports.carrier import Submit, Submitted
from ringfence.ports.lookups import Question
from ringfence.ports.silent_network import Finding

MAX_WAIT_MS = 20_000
MAX_BATCH = 1_000


class Link(Protocol):
    """What the platform's side may ask of the network, near or far. ConnectionError: nothing is known, ask again."""

    async def bind(self) -> None:
        """A new reader: everything that is not acknowledged is offered again."""

    async def submit(self, texts: Sequence[Submit]) -> list[Submitted]:
        """One answer for each text, in order."""

    async def news(self, acked: Sequence[int], again: Sequence[int], limit: int, wait_ms: int) -> list[News]:
        """Acknowledge some, put some back, then wait up to `wait_ms` for up to `limit` items."""


class Exchange:
    """The link itself, on the network's own side. `run` must be running for anything to be delivered."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self._scheduled = asyncio.Event()
        self._stirred = asyncio.Event()
        self._step_down = network.changes.listen(self._stir)

    def _stir(self) -> None:
        self._scheduled.set()
        self._stirred.set()

    async def run(self) -> None:
        """Do what falls due, until cancelled."""
        network = self.network
        while True:
            self._scheduled.clear()
            if network.advance():
                self._stirred.set()
            due_ms = network.next_due_ms()
            wait_ms = None if due_ms is None else max(0, due_ms - network.clock.monotonic_ms())
            await _wait(self._scheduled, wait_ms)

    async def bind(self) -> None:
        self._answer()
        self.network.mailbox.put_all_back()
        self._stirred.set()

    async def submit(self, texts: Sequence[Submit]) -> list[Submitted]:
        self._answer()
        answers = self.network.submit(texts)
        self._scheduled.set()
        return answers

    async def news(self, acked: Sequence[int], again: Sequence[int], limit: int, wait_ms: int) -> list[News]:
        self._answer()
        network, mailbox = self.network, self.network.mailbox
        network.acknowledge(acked)
        mailbox.put_back(again, network.clock.monotonic_ms())
        until_ms = network.clock.monotonic_ms() + min(wait_ms, MAX_WAIT_MS)
        while True:
            now_ms = network.clock.monotonic_ms()
            items = mailbox.take(min(limit, MAX_BATCH), now_ms)
            if items or now_ms >= until_ms:
                return items
            self._stirred.clear()
            next_ms = mailbox.next_ms(now_ms)
            await _wait(self._stirred, (until_ms if next_ms is None else min(next_ms, until_ms)) - now_ms)
            self._answer()

    async def know(self, question: Question) -> Packages:
        self._answer()
        return self.network.know(question)

    async def offer(self, ref: str, number: str, until_ms: int, with_token: bool) -> str:
        self._answer()
        return self.network.offer(ref, number, until_ms, with_token=with_token)

    async def finding(self, ref: str, client_token: str) -> Finding:
        self._answer()
        return self.network.silent.finding(ref, client_token)

    async def notify(self, token: str, sender: str, body: str) -> None:
        self._answer()
        self.network.notify(token, sender, body)

    def close(self) -> None:
        """Stop listening to the network."""
        self._step_down()

    def _answer(self) -> None:
        if not self.network.answers():
            raise ConnectionResetError("the simulated network is disconnected")


async def _wait(event: asyncio.Event, wait_ms: int | None) -> None:
    try:
        async with asyncio.timeout(None if wait_ms is None else wait_ms / 1000):
            await event.wait()
    except TimeoutError:
        return

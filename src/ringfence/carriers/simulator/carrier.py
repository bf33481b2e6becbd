"""The platform's side of the simulated network: a carrier like any other."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import structlog

from ringfence.carriers.simulator.exchange import Exchange, Link
from ringfence.carriers.simulator.mailbox import News
from ringfence.carriers.simulator.network import Network
from ringfence.domain.clock import Clock
from ringfence.ports.carrier import Sink, Submit, Submitted

NAME = "simulator"
BATCH = 500
WAIT_MS = 10_000
BACKOFF_FIRST_MS = 50
BACKOFF_MAX_MS = 2_000

T = TypeVar("T")
_log = structlog.get_logger(__name__)


class LinkedCarrier:
    """`ports.carrier.Carrier` over a link. News is acknowledged only after the sink has written it."""

    def __init__(self, link: Link, name: str = NAME) -> None:
        self.name = name
        self._link = link
        self._bound = False

    def healthy(self) -> bool:
        return self._bound

    async def submit(self, texts: Sequence[Submit]) -> list[Submitted]:
        return await self._link.submit(texts)

    async def run(self, sink: Sink) -> None:
        backoff_ms = BACKOFF_FIRST_MS
        try:
            while True:
                try:
                    await self._link.bind()
                    self._bound = True
                    await self._read(sink)
                except ConnectionError:
                    if self._bound:
                        self._bound, backoff_ms = False, BACKOFF_FIRST_MS
                    await asyncio.sleep(backoff_ms / 1000)
                    backoff_ms = min(2 * backoff_ms, BACKOFF_MAX_MS)
        finally:
            self._bound = False

    async def _read(self, sink: Sink) -> None:
        acked: list[int] = []
        again: list[int] = []
        while True:
            items = await self._link.news(acked, again, BATCH, WAIT_MS)
            acked, again = await _hand_over(items, sink)


class LocalSimulator:
    """Network and carrier in one process, for tests: no socket between them. Use it as an async context manager."""

    def __init__(self, clock: Clock, network: Network | None = None) -> None:
        self.network = network or Network(clock)
        self.exchange = Exchange(self.network)
        self.carrier = LinkedCarrier(self.exchange)

    async def __aenter__(self) -> "LocalSimulator":
        self._pump = asyncio.create_task(self.exchange.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._pump.cancel()
        await asyncio.gather(self._pump, return_exceptions=True)
        self.exchange.close()


async def _hand_over(items: Sequence[News], sink: Sink) -> tuple[list[int], list[int]]:
    """Ids the sink has written, and ids to offer again."""
    receipts = {item.id: item.receipt for item in items if item.receipt is not None}
    arrivals = {item.id: item.arrival for item in items if item.arrival is not None}
    written = await _written(receipts, sink.receipts) | await _written(arrivals, sink.arrivals)
    return [item.id for item in items if item.id in written], [item.id for item in items if item.id not in written]


async def _written(offered: dict[int, T], write: Callable[[list[T]], Awaitable[list[bool]]]) -> set[int]:
    if not offered:
        return set()
    try:
        flags = await write(list(offered.values()))
    except Exception as error:
        # The port's rule: whatever the sink raises, its news is offered again.
        _log.warning("carrier.news_not_written", carrier=NAME, count=len(offered), error=type(error).__name__)
        return set()
    return {item_id for item_id, written in zip(offered, flags, strict=True) if written}

"""Texts a second through the simulated network: submitted, delivered and receipted, over its Unix socket."""

import asyncio
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from ringfence.carriers.simulator.exchange import Exchange
from ringfence.carriers.simulator.link import SimulatorCarrier, serve_link
from ringfence.carriers.simulator.network import Network, Pace
from ringfence.domain.clock import SystemClock
from ringfence.ports.carrier import Arrival, Receipt, Submit

TEXTS = 20_000
BATCH = 200


class Count:
    """A sink that counts."""

    def __init__(self) -> None:
        self.count = 0

    async def receipts(self, receipts: Sequence[Receipt]) -> list[bool]:
        self.count += len(receipts)
        return [True] * len(receipts)

    async def arrivals(self, arrivals: Sequence[Arrival]) -> list[bool]:
        return [True] * len(arrivals)


async def measure(folder: Path) -> None:
    """Both ends in this one process: a core does the work of two."""
    exchange = Exchange(Network(SystemClock(), pace=Pace(delivery_ms=0, receipt_ms=0)))
    server = await serve_link(folder / "link.sock", exchange)
    carrier, count = SimulatorCarrier(folder / "link.sock"), Count()
    tasks = [asyncio.create_task(exchange.run()), asyncio.create_task(carrier.run(count))]
    begun = time.perf_counter()
    for start in range(0, TEXTS, BATCH):
        await carrier.submit(
            [
                Submit(ref=f"SM{n}", sender="+12025550123", to=f"+1202556{n % 10_000:04}", body="Your code is 493817")
                for n in range(start, start + BATCH)
            ]
        )
    submitted_s = time.perf_counter() - begun
    while count.count < TEXTS:
        await asyncio.sleep(0.001)
    receipted_s = time.perf_counter() - begun
    print(f"submitted {TEXTS / submitted_s:,.0f}/s, receipted {TEXTS / receipted_s:,.0f}/s")
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await carrier.close()
    await server.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        asyncio.run(measure(Path(name)))

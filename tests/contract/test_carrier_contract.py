"""What every carrier promises (ports/carrier.py), held against each of them.

A carrier joins by a `World`: the carrier itself, and the far end it talks to, which the test can steer.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, Protocol

import pytest

from ringfence.carriers.simulator.carrier import LinkedCarrier, LocalSimulator
from ringfence.carriers.simulator.exchange import Exchange
from ringfence.carriers.simulator.faults import Fault, FaultKind
from ringfence.carriers.simulator.link import LinkClient, SimulatorCarrier, serve_link
from ringfence.carriers.simulator.network import Network, Pace
from ringfence.domain.clock import SystemClock
from ringfence.domain.lookups.packages import CallerName, Packages
from ringfence.domain.message import Status
from ringfence.ports.carrier import Arrival, Carrier, Receipt, Submit
from ringfence.ports.lookups import Question

SHOP, PHONE = "+12025550123", "+12025550177"
Runner = Callable[[Coroutine[Any, Any, Any]], Any]


class World(Protocol):
    """A carrier and the far end behind it."""

    carrier: Carrier
    network: Network

    async def disconnect(self) -> None:
        """The far end goes away."""

    async def reconnect(self) -> None:
        """The far end is there again, with all it knew."""


class Local:
    """The simulated network in this process."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self._simulator = LocalSimulator(network.clock, network)
        self.carrier: LinkedCarrier = self._simulator.carrier

    async def disconnect(self) -> None:
        self.network.add_fault(Fault(kind=FaultKind.DISCONNECT))

    async def reconnect(self) -> None:
        self.network.faults.clear()

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[World]:
        async with self._simulator:
            yield self


class Linked:
    """The simulated network behind its Unix socket."""

    def __init__(self, network: Network, path: Path) -> None:
        self.network = network
        self._path = path
        self._exchange = Exchange(network)
        self.carrier = SimulatorCarrier(path)

    async def disconnect(self) -> None:
        await self._server.close()

    async def reconnect(self) -> None:
        self._server = await serve_link(self._path, self._exchange)

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[World]:
        pump = asyncio.create_task(self._exchange.run())
        await self.reconnect()
        yield self
        await self.carrier.close()
        await self._server.close()
        pump.cancel()


@pytest.fixture(params=["local", "linked"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Local | Linked:
    network = Network(SystemClock(), pace=Pace(delivery_ms=5, receipt_ms=5))
    return Local(network) if request.param == "local" else Linked(network, tmp_path / "link.sock")


class Desk:
    """A sink that writes down what it is told, and can be made to refuse or fail first."""

    def __init__(self, *, refuse_first: int = 0, fail_first: int = 0) -> None:
        self.told: list[Receipt | Arrival] = []
        self.offers = 0
        self._refuse, self._fail = refuse_first, fail_first
        self._news = asyncio.Event()

    async def receipts(self, receipts: Sequence[Receipt]) -> list[bool]:
        return self._write(receipts)

    async def arrivals(self, arrivals: Sequence[Arrival]) -> list[bool]:
        return self._write(arrivals)

    def _write(self, items: Sequence[Receipt | Arrival]) -> list[bool]:
        self.offers += 1
        if self._fail:
            self._fail -= 1
            raise OSError("disk full")
        if self._refuse:
            self._refuse -= 1
            return [False] * len(items)
        self.told += items
        self._news.set()
        return [True] * len(items)

    async def until(self, count: int) -> list[Receipt | Arrival]:
        async with asyncio.timeout(10):
            while len(self.told) < count:
                self._news.clear()
                await self._news.wait()
        return self.told


@contextlib.asynccontextmanager
async def running(carrier: Carrier, desk: Desk) -> AsyncIterator[None]:
    task = asyncio.create_task(carrier.run(desk))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert not carrier.healthy()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


def text(ref: str = "SM1", to: str = PHONE) -> Submit:
    return Submit(ref=ref, sender=SHOP, to=to, body=f"body of {ref}")


def test_texts_are_answered_in_order_and_receipted_once_each(world: Local | Linked, run: Runner) -> None:
    async def scenario() -> None:
        desk = Desk()
        async with world.open(), running(world.carrier, desk):
            answers = await world.carrier.submit([text(f"SM{n}") for n in range(250)])
            assert [answer.ref for answer in answers] == [f"SM{n}" for n in range(250)]
            told = await desk.until(250)
            assert {item.carrier_ref for item in told} == {answer.carrier_ref for answer in answers}
            assert {item.status for item in told if isinstance(item, Receipt)} == {Status.DELIVERED}
            await until(lambda: len(world.network.mailbox) == 0)
            assert len(told) == 250

    run(scenario())


def test_nothing_to_submit_is_answered_with_nothing(world: Local | Linked, run: Runner) -> None:
    async def scenario() -> None:
        async with world.open():
            assert await world.carrier.submit([]) == []

    run(scenario())


def test_a_repeated_submit_is_recognised(world: Local | Linked, run: Runner) -> None:
    async def scenario() -> None:
        desk = Desk()
        async with world.open(), running(world.carrier, desk):
            first = await world.carrier.submit([text()])
            assert await world.carrier.submit([text()]) == first
            await desk.until(1)
            assert await world.carrier.submit([text()]) == first
            handset = world.network.handset(PHONE)
            assert handset is not None
            assert [kept.body for kept in handset.texts] == ["body of SM1"]

    run(scenario())


def test_an_arrival_comes_whole(world: Local | Linked, run: Runner) -> None:
    async def scenario() -> None:
        desk = Desk()
        async with world.open(), running(world.carrier, desk):
            sent = world.network.text_from(PHONE, SHOP, "C ✓", ("https://example.com/a.png",))
            (arrival,) = await desk.until(1)
            assert arrival == Arrival(
                carrier_ref=sent.id,
                to=SHOP,
                sender=PHONE,
                body="C ✓",
                at_ms=sent.at_ms,
                media_urls=("https://example.com/a.png",),
            )
            await until(lambda: sent.status is Status.DELIVERED)

    run(scenario())


def test_what_the_sink_cannot_write_yet_is_offered_again(world: Local | Linked, run: Runner) -> None:
    async def scenario() -> None:
        desk = Desk(refuse_first=2)
        async with world.open(), running(world.carrier, desk):
            sent = world.network.text_from(PHONE, SHOP, "C")
            await desk.until(1)
            assert desk.offers == 3
            await until(lambda: sent.status is Status.DELIVERED)

    run(scenario())


def test_a_sink_that_fails_loses_nothing(world: Local | Linked, run: Runner) -> None:
    async def scenario() -> None:
        desk = Desk(fail_first=2)
        async with world.open(), running(world.carrier, desk):
            world.network.text_from(PHONE, SHOP, "C")
            await world.carrier.submit([text()])
            told = await desk.until(2)
            assert {type(item) for item in told} == {Arrival, Receipt}
            assert world.carrier.healthy()

    run(scenario())


def test_news_waits_for_a_reader_and_outlives_one_that_died(world: Local | Linked, run: Runner) -> None:
    async def scenario() -> None:
        async with world.open():
            await world.carrier.submit([text()])
            await until(lambda: len(world.network.mailbox) == 1)

            class Dying(Desk):
                async def receipts(self, receipts: Sequence[Receipt]) -> list[bool]:
                    self.offers += 1
                    await asyncio.sleep(60)
                    return []

            dying, desk = Dying(), Desk()
            async with running(world.carrier, dying):
                await until(lambda: dying.offers == 1)
            begun = time.monotonic()
            async with running(world.carrier, desk):
                await desk.until(1)
            assert time.monotonic() - begun < 1, "a new reader does not wait for the old one's turn to end"

    run(scenario())


def test_a_throttled_and_a_refused_text_are_told_apart(world: Local | Linked, run: Runner) -> None:
    async def scenario() -> None:
        async with world.open():
            world.network.faults.add(Fault(kind=FaultKind.THROTTLE, delay_ms=300, number=PHONE))
            world.network.faults.add(Fault(kind=FaultKind.REFUSE, code=30007, number="+12025550178"))
            throttled, refused, taken = await world.carrier.submit(
                [text("SM1"), text("SM2", "+12025550178"), text("SM3", "+12025550179")]
            )
            assert (throttled.carrier_ref, throttled.error_code, throttled.retry_after_ms) == (None, None, 300)
            assert (refused.carrier_ref, refused.error_code, refused.retry_after_ms) == (None, 30007, None)
            assert (taken.error_code, taken.retry_after_ms) == (None, None)
            assert taken.carrier_ref

    run(scenario())


def test_it_reconnects_and_brings_what_came_meanwhile(world: Local | Linked, run: Runner) -> None:
    async def scenario() -> None:
        desk = Desk()
        async with world.open(), running(world.carrier, desk):
            await until(world.carrier.healthy)
            await world.disconnect()
            await until(lambda: not world.carrier.healthy())
            with pytest.raises(ConnectionError):
                await world.carrier.submit([text()])
            world.network.text_from(PHONE, SHOP, "are you there?")
            assert desk.told == []
            await world.reconnect()
            (arrival,) = await desk.until(1)
            assert isinstance(arrival, Arrival)
            assert world.carrier.healthy()
            (answer,) = await world.carrier.submit([text()])
            assert answer.carrier_ref

    run(scenario())


async def test_what_is_known_of_a_number_comes_over_the_link(tmp_path: Path) -> None:
    network = Network(SystemClock())
    server = await serve_link(tmp_path / "link.sock", Exchange(network))
    link = LinkClient(tmp_path / "link.sock")
    question = Question(number=PHONE, country="US", fields=("line_status", "caller_name"))
    assert await link.know(question) == Packages()
    network.add_handset(PHONE, "Sam")
    assert (await link.know(question)).caller_name == CallerName(caller_name="Sam", caller_type="CONSUMER")
    network.add_fault(Fault(kind=FaultKind.DISCONNECT))
    with pytest.raises(ConnectionError):
        await link.know(question)
    await server.close()
    with pytest.raises(ConnectionError):
        await link.know(question)
    await link.close()

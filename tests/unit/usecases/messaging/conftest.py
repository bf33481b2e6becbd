"""A whole messaging platform in one process: real use cases, keys and queues over the store in memory."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from ringfence.carriers.simulator.carrier import LocalSimulator
from ringfence.carriers.simulator.network import Network, Pace
from ringfence.dispatch.rates import Rates
from ringfence.domain.clock import SystemClock
from ringfence.domain.sealing.slots import slot_seed
from ringfence.domain.standing import NumberConfig, ServiceConfig
from ringfence.kms.ledger.writer import LedgerWriter
from ringfence.kms.service import KeyService
from ringfence.ports.carrier import Carrier
from ringfence.ports.http import HttpFailedError, HttpRequest, HttpResponse
from ringfence.ports.keys import Caller
from ringfence.ports.store import AccountRow, MessageRow, StockRow, Store
from ringfence.roles.composition import compose_dispatching, compose_messaging
from ringfence.store.memory import MemoryStore
from ringfence.usecases.accounts.buy_number import buy_number
from ringfence.usecases.accounts.create_account import create_account
from ringfence.usecases.messaging.create_service import create_service
from ringfence.usecases.messaging.pool_number import pool_number
from ringfence.usecases.messaging.send import SendRequest
from ringfence.usecases.messaging.view import MessageView

SHOP = "+12025550123"
CUSTOMER = "+12025550177"


class MovedClock(SystemClock):
    """The real clock, which a test may move on."""

    def advance(self, ms: int) -> None:
        self.offset_ms += ms


class NoWeb:
    """The edge of the world: these tests have no web servers."""

    async def send(self, request: HttpRequest) -> HttpResponse:
        raise HttpFailedError(11205, "no web here")

    async def close(self) -> None:
        return


class World:
    """One tenant with one number, and the simulated network."""

    def __init__(
        self,
        store: Store,
        keys: KeyService,
        clock: MovedClock,
        network: LocalSimulator,
        *,
        number_rate_mps: float,
        mailer: Callable[[MovedClock], Carrier] | None = None,
    ) -> None:
        self.store = store
        self.keys = keys
        self.clock = clock
        self.network = network.network
        self.dispatching = compose_dispatching(
            store,
            keys,
            network.carrier,
            NoWeb(),
            clock,
            owner="here",
            base_url="http://localhost",
            rates=Rates(number_rate_mps=number_rate_mps, account_rate_mps=100_000),
            codes=keys,
            mailer=None if mailer is None else mailer(clock),
        )
        self.messaging = compose_messaging(
            store, keys, clock, self.dispatching.bells, carrier="simulator", magic_numbers=True
        )
        self.fetcher, self.links = self.dispatching.fetcher, self.dispatching.links
        self.account: AccountRow
        self.caller: Caller

    async def settle(self) -> None:
        account = await create_account(self.store, self.keys, self.clock, friendly_name="Fade & Co")
        self.account, self.caller = account.row, self.caller_of(account.sid, account.auth_token)
        await self.own(self.account, SHOP)

    def caller_of(self, account: str, token: str) -> Caller:
        return Caller(account=account, credential=account, seed=slot_seed(token, account))

    async def own(self, account: AccountRow, number: str) -> None:
        await self.store.stock([stocked(number)])
        await buy_number(self.store, self.keys, self.clock, account=account.sid, number=number, config=NumberConfig())

    async def send(self, body: str = "Hello", **more: object) -> MessageView:
        request = {"to": CUSTOMER, "sender": SHOP, "body": body, **more}
        return await self.messaging.sender.send(self.caller, self.account, SendRequest(**request))  # type: ignore[arg-type]

    async def service(self, *numbers: str, config: ServiceConfig | None = None, **settings: object) -> str:
        """A Messaging Service with these numbers, which the account owns, in its pool."""
        made = await create_service(
            self.store,
            self.keys,
            self.clock,
            account=self.account.sid,
            friendly_name="Reminders",
            settings=settings,
            config=config or ServiceConfig(),
        )
        for number in numbers:
            owned = await self.store.number_by_e164(number)
            assert owned is not None
            await pool_number(self.store, self.clock, account=self.account.sid, service=made.sid, number_sid=owned.sid)
        return made.sid

    async def send_later(self, at_ms: int, body: str = "Hello", *, sender: str = SHOP) -> MessageView:
        """A scheduled text, for a service of its own the first time."""
        owned = await self.store.number_by_e164(sender)
        assert owned is not None
        known = await self.store.service_of(self.account.sid, owned.sid)
        service = await self.service(sender) if known is None else known.sid
        request = {"sender": None, "messaging_service_sid": service, "schedule_type": "fixed", "send_at_ms": at_ms}
        return await self.send(body, **request)

    async def row(self, sid: str) -> MessageRow:
        row = await self.store.message(self.account.sid, sid)
        assert row is not None
        return row

    async def until(self, true: Callable[[], object] | Callable[[], "object"], within_s: float = 8.0) -> None:
        """Wait until a condition (plain or awaited) holds."""
        async with asyncio.timeout(within_s):
            while True:
                holds = true()
                if asyncio.iscoroutine(holds):
                    holds = await holds
                if holds:
                    return
                await asyncio.sleep(0.01)

    async def until_status(self, sid: str, status: str) -> MessageRow:
        async def reached() -> bool:
            return (await self.row(sid)).status == status

        await self.until(reached)
        return await self.row(sid)

    def bodies_at(self, number: str) -> list[str]:
        handset = self.network.handset(number)
        return [] if handset is None else [text.body for text in handset.texts]


def stocked(number: str) -> StockRow:
    return StockRow(number=number, region="US", kind="local")


@pytest.fixture
def world(tmp_path: Path) -> Callable[..., contextlib.AbstractAsyncContextManager[World]]:
    """A settled world; `running` starts the dispatcher's loops."""

    @contextlib.asynccontextmanager
    async def make(
        *,
        running: bool = True,
        number_rate_mps: float = 100_000,
        mailer: Callable[[MovedClock], Carrier] | None = None,
    ) -> AsyncIterator[World]:
        clock = MovedClock()
        log = LedgerWriter(tmp_path)
        await log.open(clock.now_ms())
        keys = KeyService(tmp_path / "kms", clock, log)
        await keys.open()
        store = MemoryStore()
        await store.open()
        async with LocalSimulator(clock, Network(clock, pace=Pace(delivery_ms=5, receipt_ms=5))) as network:
            made = World(store, keys, clock, network, number_rate_mps=number_rate_mps, mailer=mailer)
            await made.settle()
            loops = asyncio.create_task(made.dispatching.run()) if running else None
            try:
                yield made
            finally:
                if loops is not None:
                    loops.cancel()
                    await asyncio.gather(loops, return_exceptions=True)
                await store.close()
                await keys.close()
                await log.close()

    return make

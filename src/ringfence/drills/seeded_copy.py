"""A copy of the platform in one process, seeded with tenants and with traffic that carries canaries."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec

from ringfence.carriers.simulator.carrier import LocalSimulator
from ringfence.carriers.simulator.network import Network, Pace
from ringfence.dispatch.rates import Rates
from ringfence.domain.clock import SystemClock
from ringfence.domain.errors import ApiError
from ringfence.domain.message import Status
from ringfence.domain.retention.declaration import Declaration
from ringfence.domain.sealing.slots import slot_seed
from ringfence.domain.standing import NumberConfig, encode_number_config, number_record
from ringfence.domain.totp import TotpShape
from ringfence.domain.verify_service import VerifyService
from ringfence.drills.canary import Canaries
from ringfence.drills.design import Design, Keys
from ringfence.kms.service import KeyService
from ringfence.ports.carrier import Arrival
from ringfence.ports.http import HttpClient, HttpRequest, HttpResponse, Phases
from ringfence.ports.keys import Caller
from ringfence.ports.store import AccountRow, MessageFilter, StockRow, Store
from ringfence.ports.verify_config import VerifyRow
from ringfence.roles.composition import (
    Dispatching,
    compose_dispatching,
    compose_factoring,
    compose_messaging,
    compose_verifying,
)
from ringfence.roles.settings import Settings
from ringfence.roles.stores import open_store
from ringfence.usecases.accounts.buy_number import buy_number
from ringfence.usecases.accounts.change_client_keys import add_key, change_client_keys, require
from ringfence.usecases.accounts.create_account import create_account
from ringfence.usecases.accounts.release_number import release_number
from ringfence.usecases.messaging.close_epochs import close_epochs
from ringfence.usecases.messaging.read import ListRequest
from ringfence.usecases.messaging.send import SendRequest
from ringfence.usecases.verify.services import create_verify_service
from ringfence.usecases.verify.verification_view import VerificationView

TOGETHER = 64
FASTER_THAN_ANY_MPS = 100_000
SETTLED_WITHIN_S = 300


class Tenant(msgspec.Struct, frozen=True, kw_only=True):
    """One seeded tenant and its canaries."""

    account: AccountRow
    caller: Caller
    number: str
    customer: str

    @property
    def sid(self) -> str:
        return self.account.sid

    def __repr__(self) -> str:
        return f"Tenant({self.sid})"


class _Programs:
    """The edge of the world: every tenant's program answers its webhook with a text that carries a canary."""

    def __init__(self, canaries: Canaries) -> None:
        self._canaries = canaries
        self.called = 0

    async def send(self, request: HttpRequest) -> HttpResponse:
        self.called += 1
        tenant = request.url.rpartition("tenant=")[2][:34]
        mark = self._canaries.mark(tenant, "TwiML reply")
        body = f"<Response><Message>Thanks, {mark}</Message></Response>".encode()
        return HttpResponse(status=200, headers=(("content-type", "text/xml"),), body=body, phases=Phases(total_ms=0.0))


class SeededCopy:
    """Store, keys, queues and simulator over one folder, with a clock that can be moved on."""

    def __init__(
        self,
        folder: Path,
        design: Design,
        keys: Keys,
        store: Store,
        clock: SystemClock,
        network: LocalSimulator,
        programs: HttpClient | None = None,
        webhook_of: Callable[[str], str] | None = None,
    ) -> None:
        self.folder = folder
        self.canaries = Canaries(b"a seed for every drill to repeat")
        self.tenants: list[Tenant] = []
        self._design = design
        self._keys = keys
        self._store = store
        self._clock = clock
        self._network = network.network
        self._webhook_of = webhook_of or self._own_webhook
        self._dispatching: Dispatching = compose_dispatching(
            store,
            keys,
            network.carrier,
            programs or _Programs(self.canaries),
            clock,
            owner="drill",
            base_url="http://localhost",
            rates=Rates(number_rate_mps=FASTER_THAN_ANY_MPS, account_rate_mps=FASTER_THAN_ANY_MPS),
            codes=keys,
        )
        self._messaging = compose_messaging(
            store, keys, clock, self._dispatching.bells, carrier=network.carrier.name, magic_numbers=False
        )

        self.factoring = compose_factoring(store, keys, clock, self._dispatching.bells)
        self.verifying = compose_verifying(
            store, keys, clock, self._dispatching.bells, carrier=network.carrier.name, stock_sender=False
        )

    async def declare(self, declaration: Declaration) -> None:
        """The operator declares a duty to retain metadata, where the design has such a thing."""
        if isinstance(self._keys, KeyService):
            await self._keys.declare_duty(declaration)

    async def add_tenants(self, count: int) -> None:
        """Accounts with a number each, a webhook URL and an Auth Token that are canaries."""
        await self._store.stock(
            [StockRow(number=f"+1415{2_000_000 + i:07d}", region="US", kind="local") for i in range(count)]
        )
        for start in range(0, count, TOGETHER):
            numbers = range(start, min(start + TOGETHER, count))
            self.tenants += await asyncio.gather(*(self._add_tenant(i) for i in numbers))

    async def _add_tenant(self, index: int) -> Tenant:
        sid = f"AC{index:032x}"
        token = self.canaries.mark(sid, "API secret")
        made = await create_account(
            self._store, self._keys, self._clock, friendly_name=f"Tenant {index}", auth_token=token, sid=sid
        )
        return await self._equipped(made.row, token, index)

    async def adopt_tenant(self, sid: str, token: str, *, index: int) -> None:
        """An account that was made elsewhere, with its Auth Token; `index` is beyond those of the other tenants."""
        number = f"+1415{2_000_000 + index:07d}"
        await self._store.stock([StockRow(number=number, region="US", kind="local")])
        self.canaries.learn_secret(token.encode(), sid, "API secret")
        row = await self._store.account(sid)
        if row is None:
            raise AssertionError("the store does not know the account: this drill would prove nothing")
        self.tenants.append(await self._equipped(row, token, index))

    async def _equipped(self, row: AccountRow, token: str, index: int) -> Tenant:
        """The account with a number and a webhook."""
        number, url = f"+1415{2_000_000 + index:07d}", self._webhook_of(row.sid)
        await buy_number(
            self._store, self._keys, self._clock, account=row.sid, number=number, config=NumberConfig(sms_url=url)
        )
        return Tenant(
            account=row,
            caller=Caller(account=row.sid, credential=row.sid, seed=slot_seed(token, row.sid)),
            number=number,
            customer=self.canaries.number(row.sid, "To and From number", index),
        )

    def _own_webhook(self, sid: str) -> str:
        return f"https://tenant.example/sms?key={self.canaries.mark(sid, 'webhook URL')}&tenant={sid}"

    async def text_in(self) -> None:
        """Every tenant gets a text, and its program is called for it, once."""
        async with self.dispatched():
            for tenant in self.tenants:
                self._network.text_from(tenant.customer, tenant.number, "Hello")
            async with asyncio.timeout(SETTLED_WITHIN_S):
                for tenant in self.tenants:
                    while not await self._is_told(tenant):  # noqa: ASYNC110 - the store has no event to wait for
                        await asyncio.sleep(0.02)

    async def _is_told(self, tenant: Tenant) -> bool:
        rows = await self._store.messages(tenant.sid, MessageFilter(), limit=1)
        return bool(rows) and bool(await self._store.attempts(tenant.sid, rows[0].sid))

    async def run_traffic(self) -> None:
        """A text out with a callback, an answer from the handset, a reply by TwiML: all delivered, all told."""
        loops = asyncio.create_task(self._dispatching.run())
        try:
            for start in range(0, len(self.tenants), TOGETHER):
                batch = self.tenants[start : start + TOGETHER]
                await asyncio.gather(*(self.send(tenant, "body") for tenant in batch))
                await self._settled(batch)
                for tenant in batch:
                    mark = self.canaries.mark(tenant.sid, "body of an answer")
                    self._network.text_from(tenant.customer, tenant.number, f"Yes, {mark}")
                await self._settled(batch, messages=3)
                for tenant in batch:
                    self._network.remove_handset(tenant.customer)
        finally:
            loops.cancel()
            await asyncio.gather(loops, return_exceptions=True)

    async def send(self, tenant: Tenant, kind: str) -> None:
        """Accept one text whose body, recipient and callback carry canaries."""
        mark = self.canaries.mark(tenant.sid, kind)
        callback = f"https://tenant.example/status?key={self.canaries.mark(tenant.sid, 'callback URL')}"
        await self._messaging.sender.send(
            tenant.caller,
            tenant.account,
            SendRequest(
                to=tenant.customer, sender=tenant.number, body=f"Your word is {mark}", status_callback=callback
            ),
        )

    async def deliver_all(self) -> int:
        """Texts go out until all are final; how many tenants have one that was delivered."""
        async with self.dispatched():
            await self._settled(self.tenants)
        rows = [await self._store.messages(tenant.sid, MessageFilter(), limit=50) for tenant in self.tenants]
        return sum(any(row.status == Status.DELIVERED for row in of_one) for of_one in rows)

    async def read(self, tenant: Tenant) -> list[str]:
        """All that the tenant reads of its messages: numbers and bodies."""
        views = await self._messaging.reader.list(tenant.caller, tenant.account, ListRequest(limit=100))
        contents = [view.content for view in views if view.content is not None]
        return [f"{content.remote} {content.body}" for content in contents]

    async def sids_of(self, tenant: Tenant) -> list[str]:
        """The names of the tenant's latest messages, of which there are few."""
        return [row.sid for row in await self._store.messages(tenant.sid, MessageFilter(), limit=2)]

    async def give_up_number(self, tenant: Tenant) -> None:
        """The tenant gives its number up, and the operator puts it on sale again at once."""
        (row,) = await self._store.numbers(tenant.sid)
        rest_ms = self._design.number_rest_ms
        await release_number(self._store, self._clock, account=tenant.sid, sid=row.sid, rest_ms=rest_ms)
        await self._store.stock([StockRow(number=tenant.number, region="US", kind="local")])

    async def add_renter(self, name: str) -> Tenant:
        """An account without a number yet."""
        made = await create_account(self._store, self._keys, self._clock, friendly_name=name)
        seed = slot_seed(made.auth_token, made.row.sid)
        caller = Caller(account=made.row.sid, credential=made.row.sid, seed=seed)
        return Tenant(account=made.row, caller=caller, number="", customer="")

    async def rent(self, renter: Tenant, number: str) -> bool:
        """False where the number is not to be had."""
        try:
            await buy_number(
                self._store, self._keys, self._clock, account=renter.sid, number=number, config=NumberConfig()
            )
        except ApiError:
            return False
        return True

    async def news_taken(self) -> None:
        """Return once the platform has taken, or turned away, all that came for it."""
        async with asyncio.timeout(SETTLED_WITHIN_S):
            while len(self._network.mailbox):  # noqa: ASYNC110 - the mailbox has no event to wait for
                await asyncio.sleep(0.01)

    def answer(self, tenant: Tenant, kind: str) -> None:
        """The tenant's customer texts its number, whoever has that now."""
        self._network.text_from(tenant.customer, tenant.number, f"Yes, {self.canaries.mark(tenant.sid, kind)}")

    def text_from(self, number: str, tenant: Tenant, body: str) -> None:
        """Somebody texts the tenant."""
        self._network.text_from(number, tenant.number, body)

    async def let_clients_sign(self, tenant: Tenant, public_key: str) -> str:
        """The tenant gives a client's key, and requires it where the design does: how JWTs name it."""
        now_ms = self._clock.now_ms()
        changes = add_key(public_key, "", now_ms), require(self._design.clients_sign, now_ms)
        keys = await change_client_keys(self._store, self._clock, tenant.account, *changes)
        return keys.keys[-1].sid

    async def set_webhook(self, tenant: Tenant, url: str) -> None:
        """Texts to the tenant's number go to `url` from now on."""
        (row,) = await self._store.numbers(tenant.sid)
        config = encode_number_config(NumberConfig(sms_url=url))
        (standing,) = await self._keys.seal_standing(tenant.sid, [(number_record(row.sid), config)])
        await self._store.update_number(msgspec.structs.replace(row, standing=standing))

    async def _settled(self, tenants: list[Tenant], messages: int = 1) -> None:
        """Wait until each has so many messages, all final and told."""
        async with asyncio.timeout(SETTLED_WITHIN_S):
            for tenant in tenants:
                while not await self._is_settled(tenant, messages):  # noqa: ASYNC110 - the store has no event to wait for
                    await asyncio.sleep(0.02)

    async def _is_settled(self, tenant: Tenant, messages: int) -> bool:
        rows = await self._store.messages(tenant.sid, MessageFilter(), limit=50)
        if len(rows) < messages:
            return False
        return not any([await self._store.unfinished(tenant.sid, epoch) for epoch in {row.epoch for row in rows}])

    async def verify_service(self, tenant: Tenant, settings: VerifyService) -> VerifyRow:
        """A Verify Service of the tenant."""
        return await create_verify_service(self._store, self._clock, tenant.sid, settings)

    async def add_app(self, tenant: Tenant, service: str, identity: str) -> str:
        """An authenticator app for somebody of the tenant's, unverified: the factor's SID."""
        entity = await self.factoring.entities.begin(tenant.caller, tenant.sid, service, identity)
        made = await self.factoring.totp_factors.create(
            tenant.caller, entity.row, VerifyService(friendly_name="Shop"), TotpShape(), name="An app"
        )
        if made is None:
            raise AssertionError("the entity is gone: this drill would prove nothing")
        return made.view.row.sid

    async def code_on_handset(self, verification: VerificationView, number: str) -> str:
        """The code that a subscriber is shown, once it is there: the last word of that text."""
        wanted = verification.row.attempts[-1].sid
        async with asyncio.timeout(SETTLED_WITHIN_S):
            while True:
                handset = self._network.handset(number)
                for text in [] if handset is None else reversed(handset.texts):
                    if text.sid == wanted:
                        return text.body.rpartition(" ")[2]
                await asyncio.sleep(0.01)

    @contextlib.asynccontextmanager
    async def dispatched(self) -> AsyncIterator[None]:
        """Texts go out meanwhile."""
        loops = asyncio.create_task(self._dispatching.run())
        try:
            yield
        finally:
            loops.cancel()
            await asyncio.gather(loops, return_exceptions=True)

    def now_ms(self) -> int:
        """What the clock says, milliseconds since 1970."""
        return self._clock.now_ms()

    def move_clock(self, ms: int) -> None:
        """Move the clock on."""
        self._clock.offset_ms += ms

    async def tidy(self) -> None:
        """What the key service does every two seconds."""
        await self._keys.tidy()

    async def stop_a_subscriber(self, tenant: Tenant) -> None:
        """The tenant's customer opts out."""
        arrival = Arrival(
            carrier_ref="stop",
            to=tenant.number,
            sender=tenant.customer,
            body="STOP",
            at_ms=self._clock.now_ms(),
        )
        await self._dispatching.news.arrivals([arrival])

    async def let_pass(self, hours: int) -> None:
        """Move the clock on hour by hour, with the minute's chores done each time."""
        for _ in range(hours):
            self._clock.offset_ms += 3_600_000
            await close_epochs(self._store, self._keys, self._clock)
            await self._keys.tidy()


@contextlib.asynccontextmanager
async def seeded_copy(
    folder: Path,
    design: Design,
    database_url: str = "",
    *,
    programs: HttpClient | None = None,
    webhook_of: Callable[[str], str] | None = None,
) -> AsyncIterator[SeededCopy]:
    """A fresh copy of `design` in `folder`, or with its store at a URL; closed at the end, its files stay.

    `programs` reaches the tenants' programs, at the URL that `webhook_of` their SID gives; by default the copy's own.
    """
    clock = SystemClock()
    keys = await design.open_keys(folder / "kms", clock)
    store = await open_store(Settings(data_dir=folder, database_url=database_url))
    network = Network(clock, pace=Pace(delivery_ms=0, receipt_ms=0))
    try:
        async with LocalSimulator(clock, network) as simulator:
            yield SeededCopy(folder, design, keys, store, clock, simulator, programs, webhook_of)
    finally:
        await store.close()
        await keys.close()

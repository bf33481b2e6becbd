"""The whole platform in one still loop: real use cases, keys, queues and API, with nothing on disk."""

import asyncio

from prometheus_client import CollectorRegistry

from ringfence.api.app import create_app
from ringfence.api.dependencies import ApiDependencies
from ringfence.carriers.simulator.carrier import LinkedCarrier
from ringfence.carriers.simulator.control import create_app as create_control
from ringfence.carriers.simulator.exchange import Exchange
from ringfence.carriers.simulator.network import Network, Pace
from ringfence.carriers.simulator.push import SimulatedPushSender
from ringfence.carriers.simulator.silent_network import SimulatedSilentNetwork
from ringfence.dispatch.bells import Bell, Bells
from ringfence.dispatch.rates import Rates
from ringfence.domain.clock import Clock
from ringfence.domain.lookups.packages import Packages
from ringfence.domain.sealing.hmac_states import sign_sha1
from ringfence.domain.signature import signature_header
from ringfence.domain.standing import hmac_states_record
from ringfence.kms.memory import memory_key_service
from ringfence.ports.http import HttpClient
from ringfence.ports.lookups import Question
from ringfence.ports.store import MessageFilter
from ringfence.ports.verification_attempts import AttemptFilter
from ringfence.roles.composition import (
    compose_calling,
    compose_dispatching,
    compose_factoring,
    compose_messaging,
    compose_verifying,
)
from ringfence.roles.mail import DEV_SENDER
from ringfence.store.memory import MemoryStore
from ringfence.testing.still_calls import StillCalls
from ringfence.testing.still_link import StillLink
from ringfence.usecases.messaging.close_epochs import close_epochs
from ringfence.usecases.messaging.mail_with_code import MailRoute

BASE_URL = "https://api.twilio.com"
# No test waits for its rate.
UNLIMITED_MPS = 1_000_000.0
RETRY_MS = 200
ALL = 1_000_000


class Platform:
    """Open it, keep it going with `look`, close it; all within its loop."""

    def __init__(self, clock: Clock, http: HttpClient, *, seed: int) -> None:
        self._clock = clock
        self.store = MemoryStore()
        self.keys = memory_key_service(clock)
        self.network = Network(clock, pace=Pace(delivery_ms=0, receipt_ms=0), seed=seed)
        self._link = StillLink(self.network)
        carrier = LinkedCarrier(self._link)
        registry = CollectorRegistry()
        self._dispatching = compose_dispatching(
            self.store,
            self.keys,
            carrier,
            http,
            clock,
            owner="test",
            rates=Rates(number_rate_mps=UNLIMITED_MPS, account_rate_mps=UNLIMITED_MPS),
            base_url=BASE_URL,
            registry=registry,
            bells=_PatientBells(),
            codes=self.keys,
        )
        self.calls = StillCalls(self.store, self.keys, http, clock, self._dispatching.bells, BASE_URL)
        self._closing = asyncio.Event()
        self.app = create_app(
            ApiDependencies(
                store=self.store,
                keys=self.keys,
                clock=clock,
                registry=registry,
                base_url=BASE_URL,
                intelligence=PhoneBook(self.network),
                mounts={"/simulator": create_control(self.network, self._closing)},
                messaging=compose_messaging(
                    self.store, self.keys, clock, self._dispatching.bells, carrier=carrier.name, magic_numbers=True
                ),
                calling=compose_calling(
                    self.store,
                    self.keys,
                    clock,
                    _Both(self.calls, self._dispatching.bells),
                    self.calls.files,
                    magic_numbers=True,
                ),
                factoring=compose_factoring(
                    self.store,
                    self.keys,
                    clock,
                    self._dispatching.bells,
                    push=SimulatedPushSender(Exchange(self.network)),
                ),
                verifying=compose_verifying(
                    self.store,
                    self.keys,
                    clock,
                    self._dispatching.bells,
                    carrier=carrier.name,
                    stock_sender=True,
                    voices=_Both(self.calls, self._dispatching.bells),
                    mail=MailRoute(carrier=carrier.name, sender=DEV_SENDER, anybody=True),
                    whatsapp=True,
                    silent=SimulatedSilentNetwork(Exchange(self.network), BASE_URL),
                ),
            )
        )
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        """Make keys and tables, and start what a dispatcher runs."""
        await self.store.open()
        await self.keys.open()
        running, bells = self._dispatching, self._dispatching.bells
        self._tasks = [
            asyncio.create_task(running.carrier.run(running.news), name="carrier"),
            asyncio.create_task(running.queues.run(bells.bell()), name="sender queues"),
            asyncio.create_task(running.webhooks.run(bells.bell()), name="webhooks"),
        ]

    async def close(self) -> None:
        """End all that runs. Idempotent."""
        self._closing.set()
        await self.calls.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.keys.close()
        await self.store.close()

    def look(self) -> None:
        """Have everything that is due begun. What a part of the platform died of is raised."""
        for task in self._tasks:
            if task.done():
                task.result()
        self._link.look()
        self.calls.look()
        self._dispatching.bells.ring()

    def answer_at(self, base_url: str) -> None:
        """Have links to media lead here."""
        self._dispatching.links.move_to(base_url)
        self._dispatching.recordings.move_to(base_url)

    def next_due_ms(self) -> int | None:
        """When to look again; what is due already and could not go is tried again a little later."""
        now_ms = self._clock.now_ms()
        moments = [self.store.next_due_ms(), self._link.next_due_ms()]
        return min(
            (max(moment, now_ms + (RETRY_MS if moment <= now_ms else 0)) for moment in moments if moment), default=None
        )

    async def tidy(self) -> None:
        """Close past hours and destroy old keys, as the roles do every few moments."""
        await close_epochs(self.store, self.keys, self._clock)
        await self.keys.tidy()

    async def failed(self, code: int) -> set[str]:
        """The SIDs of all texts that failed with `code`, those that bring one-time codes among them."""
        found: set[str] = set()
        for account in await self.store.accounts(None, limit=ALL):
            for owner in await self.store.accounts(account.sid, limit=ALL):
                rows = await self.store.messages(owner.sid, MessageFilter(), limit=ALL)
                attempts = await self.store.verification_attempts(owner.sid, AttemptFilter(), limit=ALL)
                brought = await self.store.messages_of([(owner.sid, attempt.sid) for attempt in attempts])
                found.update(row.sid for row in (*rows, *brought) if row is not None and row.error_code == code)
        return found

    async def signature(self, account: str, base: bytes) -> str | None:
        """The right X-Twilio-Signature of an account for `base`; None for an account that is not here."""
        credential = await self.store.credential(account)
        if credential is None:
            return None
        (states,) = await self.keys.open_standing(
            account, [(hmac_states_record(credential.sid), credential.hmac_states)]
        )
        return signature_header(sign_sha1(states, base))


class PhoneBook:
    """Implements `ports.lookups.NumberIntelligence`: what the test's phones are said to be."""

    def __init__(self, network: Network) -> None:
        self._network = network

    async def know(self, question: Question) -> Packages:
        return self._network.know(question)


class _Both:
    """A wake of those who run calls and those who tell of them."""

    def __init__(self, calls: StillCalls, bells: Bells) -> None:
        self._calls = calls
        self._bells = bells

    def ring(self) -> None:
        self._calls.ring()
        self._bells.ring()


class _PatientBells(Bells):
    """Bells that nobody leaves before they ring: whoever moves the clock rings them."""

    def bell(self) -> Bell:
        bell = _PatientBell()
        self._bells.append(bell)
        return bell


class _PatientBell(Bell):
    async def wait(self, timeout_ms: int) -> bool:
        await self._rung.wait()
        self._rung.clear()
        return True

"""A live API on a free port, over the store in memory, the real key service and the real use cases."""

import asyncio
import socket
import threading
import time
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
import requests
import uvicorn
from prometheus_client import CollectorRegistry
from twilio.rest import Client

from ringfence.api.admission import AdmissionLimits
from ringfence.api.app import create_app
from ringfence.api.dependencies import ApiDependencies, Limits
from ringfence.api.messaging import Messaging
from ringfence.carriers.simulator.exchange import Exchange
from ringfence.carriers.simulator.network import Network
from ringfence.carriers.simulator.push import SimulatedPushSender
from ringfence.carriers.simulator.silent_network import SimulatedSilentNetwork
from ringfence.domain.clock import SystemClock
from ringfence.domain.sid import new_sid
from ringfence.domain.standing import NumberConfig
from ringfence.domain.turn_credentials import IceServers
from ringfence.domain.verify_templates.catalogue import Templates
from ringfence.domain.verify_templates.own import read_own_templates
from ringfence.kms.ledger.records import FolderRecords
from ringfence.kms.ledger.writer import LedgerWriter
from ringfence.kms.service import KeyService
from ringfence.media.recording_files import RecordingFolder
from ringfence.ports.store import StockRow, Store
from ringfence.roles.composition import compose_calling, compose_factoring, compose_verifying
from ringfence.store.memory import MemoryStore
from ringfence.usecases.accounts.buy_number import buy_number
from ringfence.usecases.accounts.create_account import NewAccount, create_account
from ringfence.usecases.messaging.edit import Editor
from ringfence.usecases.messaging.mail_with_code import MailRoute
from ringfence.usecases.messaging.read import Reader
from ringfence.usecases.messaging.read_media import MediaReader
from ringfence.usecases.messaging.send import Sender
from ringfence.usecases.timeline.notifications import NotificationReader
from ringfence.usecases.timeline.read import TimelineReader
from ringfence.usecases.timeline.read_call import CallTimelineReader
from ringfence.usecases.timeline.tell_again import EventTeller

T = TypeVar("T")

CARRIER = "simulator"
CUSTOMER = "+12025550177"
PREFIXES = {("US", "local"): "+1202556", ("US", "tollfree"): "+1800556", ("GB", "mobile"): "+44790012"}


class Bell:
    """Counts its rings."""

    rings = 0

    def ring(self) -> None:
        self.rings += 1


OWN_TEMPLATES = read_own_templates(
    {
        "template": [
            {
                "name": "Ticket",
                "text": {
                    "en": "{{AppName}}: {{code}} opens ticket {{ Contact }}, for {{ttl}} minutes. {{friendly_name}}",
                    "de": "{{AppName}}: {{code}} öffnet Ticket {{Contact}}",
                },
            },
            {"name": "Of another", "account": "AC" + "f" * 32, "text": {"en": "{{code}}"}},
        ]
    }
)


class Installation:
    """One process's worth of API, and its parts for what a test does behind its back."""

    def __init__(self, directory: Path, limits: Limits, store: Store | None = None) -> None:
        self.clock = SystemClock()
        self.store = store or MemoryStore()
        self.key_folder = directory
        self.log = LedgerWriter(directory)
        self.keys = KeyService(directory, self.clock, self.log)
        self.bell = Bell()
        self.recordings = directory / "recordings"
        self.reader = Reader(self.store, self.keys, self.clock)
        self.media = MediaReader(self.store, self.keys, self.clock)
        self.network = Network(self.clock)
        self.deps = ApiDependencies(
            store=self.store,
            keys=self.keys,
            freeze_notes=self.keys,
            clock=self.clock,
            messaging=Messaging(
                sender=Sender(self.store, self.keys, self.clock, self.bell, carrier=CARRIER, magic_numbers=True),
                reader=self.reader,
                editor=Editor(self.store, self.keys, self.clock, self.bell, self.reader),
                media=self.media,
                timeline=TimelineReader(self.store, self.keys),
                call_timeline=CallTimelineReader(self.store, self.keys),
                notifications=NotificationReader(self.store, self.keys),
                teller=EventTeller(self.store, self.keys, self.clock, self.bell),
            ),
            registry=CollectorRegistry(),
            ice_servers=IceServers(urls=("stun:stun.example:3478", "turn:turn.example:3478"), secret="shared"),
            limits=limits,
            records=FolderRecords(directory, self.keys.allow),
            intelligence=Exchange(self.network),
            factoring=compose_factoring(
                self.store, self.keys, self.clock, self.bell, push=SimulatedPushSender(Exchange(self.network))
            ),
            verifying=compose_verifying(
                self.store,
                self.keys,
                self.clock,
                self.bell,
                carrier=CARRIER,
                stock_sender=True,
                voices=self.bell,
                whatsapp=True,
                silent=SimulatedSilentNetwork(Exchange(self.network), "http://localhost:8420"),
                mail=MailRoute(carrier=CARRIER, sender="codes@ringfence.example"),
                templates=Templates(OWN_TEMPLATES),
            ),
            calling=compose_calling(
                self.store,
                self.keys,
                self.clock,
                self.bell,
                RecordingFolder(self.recordings),
                magic_numbers=True,
            ),
        )
        self._numbers = iter(range(100, 10_000))
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    async def _serve(self) -> None:
        await self.log.open(self.clock.now_ms())
        await self.keys.open()
        await self.store.open()
        self.loop = asyncio.get_running_loop()
        config = uvicorn.Config(create_app(self.deps), log_level="warning", access_log=False, lifespan="off")
        self._server = uvicorn.Server(config)
        self._started.set()
        await self._server.serve([self._socket])
        await self.store.close()
        await self.keys.close()
        await self.log.close()

    def start(self) -> None:
        self._thread.start()
        self._started.wait(10)
        deadline = time.monotonic() + 10
        while not self._server.started and time.monotonic() < deadline:
            time.sleep(0.005)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(10)

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """A coroutine in the server's own loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(10)

    def new_tenant(self) -> "Tenant":
        made = self.run(create_account(self.store, self.keys, self.clock, friendly_name="Fade & Co barbers"))
        return Tenant(self, made)

    def stock(self, count: int = 1, *, kind: str = "local", region: str = "US") -> list[str]:
        """Numbers nobody has bought yet."""
        prefix = {
            "US": {"local": "+1202556", "tollfree": "+1800556", "mobile": "+1202557"},
            "GB": {"mobile": "+44790012"},
        }
        numbers = [f"{prefix[region][kind]}{next(self._numbers):04}" for _ in range(count)]
        rows = [
            StockRow(number=number, region=region, kind=kind, locality="Washington", area="DC", postal_code="20001")
            for number in numbers
        ]
        self.run(self.store.stock(rows))
        return numbers


class Tenant:
    """An account with the means to act for it."""

    def __init__(self, installation: Installation, made: NewAccount) -> None:
        self.installation = installation
        self.row = made.row
        self.sid = made.sid
        self.token = made.auth_token
        self.base = f"/2010-04-01/Accounts/{self.sid}"

    def client(self, name: str | None = None, secret: str | None = None, account: str | None = None) -> Client:
        """The official SDK, pointed here."""
        client = Client(name or self.sid, secret or self.token, account or self.sid)
        client.api.base_url = self.installation.url
        client.messaging.base_url = self.installation.url
        client.lookups.base_url = f"{self.installation.url}/lookups"
        client.voice.base_url = f"{self.installation.url}/voice"
        client.verify.base_url = f"{self.installation.url}/verify"
        client.conversations.base_url = f"{self.installation.url}/conversations"
        return client

    def number(self, **config: str) -> str:
        """A number of its own."""
        (number,) = self.installation.stock()
        parts = self.installation
        parts.run(
            buy_number(
                parts.store, parts.keys, parts.clock, account=self.sid, number=number, config=NumberConfig(**config)
            )
        )
        return number

    def service(self, **fields: Any) -> str:
        """A Messaging Service with a number in its pool."""
        number = self.number()
        client = self.client()
        (owned,) = client.incoming_phone_numbers.list(phone_number=number)
        service = client.messaging.v1.services.create(friendly_name="Reminders", **fields)
        service.phone_numbers.create(owned.sid)
        return str(service.sid)

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        """A raw request below the account's own path, signed in by its Auth Token."""
        options.setdefault("auth", (self.sid, self.token))
        return requests.request(method, f"{self.installation.url}{self.base}{path}", timeout=10, **options)

    def text(self, body: str = "Haircut Tue 15:00. Reply C to confirm.", **fields: Any) -> Any:
        """A text to the customer, by the SDK."""
        fields.setdefault("to", CUSTOMER)
        if "from_" not in fields:
            fields["from_"] = fields.pop("sender", None) or self.number()
        return self.client().messages.create(body=body, **fields)


# Signing in fails on purpose all the time here, always from the same address.
LIMITS = Limits(body_s=1.0, failed_logins_of_address=100_000, admission=AdmissionLimits(tenant_present=16))


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    made = Installation(tmp_path_factory.mktemp("kms"), LIMITS)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def narrow(tmp_path: Path) -> Iterator[Installation]:
    """One that does two things at once, two of a tenant wait, and few may fail to sign in."""
    admission = AdmissionLimits(running=2, waiting=2, wait_s=5.0)
    made = Installation(tmp_path, Limits(failed_logins_of_address=25, admission=admission))
    made.start()
    yield made
    made.stop()


@pytest.fixture
def tenant(installation: Installation) -> Tenant:
    """A new account, nobody else's."""
    return installation.new_tenant()


@pytest.fixture
def unknown_sid() -> str:
    """Of the right form, and nothing's."""
    return new_sid("SM")

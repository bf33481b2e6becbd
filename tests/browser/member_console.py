"""The tenants' console, the key origin, a key service and an account's texts, all in one thread, for Chromium."""

import asyncio
import os
import shutil
import tempfile
import threading
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import uvicorn
from playwright.sync_api import BrowserContext, CDPSession, Page
from tests.browser.key_origin import free_port

from ringfence.console.app import create_console
from ringfence.console.dependencies import ConsoleDependencies, Origins, domain_of
from ringfence.console.operator.staff import Staff
from ringfence.console.storage import ConsoleStorage
from ringfence.dispatch.bells import Bells
from ringfence.domain.clock import SystemClock
from ringfence.domain.message import Content, Direction, Status
from ringfence.domain.sealing.content import seal_content
from ringfence.domain.sealing.record import RecordSealer
from ringfence.domain.sealing.slots import slot_seed
from ringfence.domain.sid import new_sid
from ringfence.http.client import PooledClient
from ringfence.http.egress_guard import EgressGuard, EgressPolicy
from ringfence.key_origin.app import create_key_origin
from ringfence.kms.ledger.records import FolderRecords
from ringfence.kms.ledger.writer import LedgerWriter
from ringfence.kms.memory import MemoryKeyFiles, MemoryKeyStore
from ringfence.kms.service import KeyService
from ringfence.media.recording_files import RecordingFolder
from ringfence.ports.keys import Caller
from ringfence.ports.ledger import AccessEntry
from ringfence.ports.passkeys import RelyingParty
from ringfence.ports.process_states import ProcessState
from ringfence.ports.store import AccountRow, CredentialRow, MessageRow
from ringfence.store.memory import MemoryStore
from ringfence.usecases.accounts.credential import slot_of
from ringfence.webauthn.passkeys import WebauthnPasskeys

AC, TOKEN = "AC" + "a" * 32, "e" * 32
SHOP, REMOTE = "+12025550123", "+12025550177"
T = TypeVar("T")


class WatchedLedger(LedgerWriter):
    """A ledger on disk, and what was written into it; `full` makes it fail as a full disk does."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.entries: list[AccessEntry] = []
        self.full = False

    async def append(self, entries: Sequence[AccessEntry]) -> None:
        if self.full:
            raise OSError(28, "no space left")
        await super().append(entries)
        self.entries.extend(entries)


async def _no_processes() -> Sequence[ProcessState]:
    return ()


class MemberConsole:
    """Both origins on ports of 127.0.0.1, and an account that is sealed by X25519 or by the hybrid.

    `asks_outside` where members may come from a provider on this machine.
    """

    def __init__(self, folder: Path, *, hybrid: bool = False, asks_outside: bool = False) -> None:
        self.folder = folder
        self._http = PooledClient(EgressGuard(EgressPolicy(private=True))) if asks_outside else None
        self.recordings = folder / "recordings"
        self.clock = SystemClock()
        self.canary = f"canary-{os.urandom(16).hex()}"
        self.ledger = WatchedLedger(folder)
        self.keys = KeyService(
            Path(), self.clock, self.ledger, files=MemoryKeyFiles(), store=MemoryKeyStore(), hybrid=hybrid
        )
        self.texts = MemoryStore()
        self.caller = Caller(account=AC, credential=AC, seed=slot_seed(TOKEN, AC))
        ports = free_port(), free_port()
        self.console = f"http://console.localhost:{ports[0]}"
        self.operator = f"http://operator.localhost:{ports[0]}"
        self.key_origin = f"http://keys.localhost:{ports[1]}"
        self._ports = ports
        self._started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self._thread.start()
        assert self._started.wait(20)

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Do it in the servers' own thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    def stop(self) -> None:
        for server in self._servers:
            server.should_exit = True
        self._thread.join(10)

    def make_owners(self) -> None:
        """Every member may do everything: only the first is an owner otherwise."""
        self.wait(self.storage.run(lambda db: db.execute("UPDATE member SET role = 'owner'")))

    def link(self) -> str:
        """As `ringfence account console-link` makes it."""
        link, secret = new_sid("KL"), os.urandom(24).hex()[:43]
        slot = slot_of(link, slot_seed(secret, link))
        self.wait(self.keys.open_console_link(self.caller, AC, slot, self.clock.now_ms() + 600_000))
        return f"{self.key_origin}/enrol#k={AC}.{link}.{secret}"

    def text(
        self,
        body: str,
        status: Status = Status.DELIVERED,
        direction: Direction = Direction.OUTBOUND_API,
        account: str = AC,
        to: str = REMOTE,
    ) -> str:
        """A text that the API sealed."""
        return self.wait(self._text(body, status, direction, account, to))

    async def _text(self, body: str, status: Status, direction: Direction, account: str, to: str) -> str:
        await asyncio.sleep(0.002)  # of two texts of one millisecond it is not known which is newer
        sealing = await self.keys.sealing_key(self.caller, account)
        sid, now_ms = new_sid("SM"), self.clock.now_ms()
        content = seal_content(RecordSealer(sealing.epoch_key, account), sid, Content(remote=to, body=body))
        row = MessageRow(
            account=account,
            sid=sid,
            direction=direction,
            status=status,
            local=SHOP,
            remote_index=b"",
            remote_region="US",
            epoch=sealing.epoch,
            content=content,
            num_segments=1,
            price_micros=-7_900,
            created_ms=now_ms,
            updated_ms=now_ms,
        )
        await self.texts.accept(row)
        return sid

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        storage = self.storage = ConsoleStorage(self.folder / "console.db")
        await storage.open()
        await self.ledger.open(self.clock.now_ms())
        await self.keys.open()
        await self.texts.create_account(
            AccountRow(sid=AC, tenant=AC, friendly_name="Acme", created_ms=1, updated_ms=1),
            CredentialRow(
                account=AC, sid=AC, kind="auth_token", verifier=b"", hmac_states=b"", created_ms=1, updated_ms=1
            ),
        )
        await self.keys.create_account(AC, [slot_of(AC, self.caller.seed)])
        party = RelyingParty(id=domain_of(self.operator), name="", origins=(self.operator,))
        self.staff = Staff(storage, WebauthnPasskeys(), party, self.keys, self.clock, self.keys)
        api = "http://localhost:8420"
        origins = Origins(api=api, operator=self.operator, tenant=self.console, keys=self.key_origin)
        passkeys = WebauthnPasskeys()
        console = create_console(
            ConsoleDependencies(
                storage=storage,
                clock=self.clock,
                origins=origins,
                notes=self.keys,
                keys=self.keys,
                texts=self.texts,
                calls=self.texts,
                told=self.texts,
                touched=self.texts,
                counted=self.texts,
                wake=Bells(),
                recordings=RecordingFolder(self.recordings),
                staff_passkeys=passkeys,
                members_passkeys=passkeys,
                view=self.texts,
                records=FolderRecords(self.folder, self.keys.allow),
                processes=_no_processes,
                grants=self.keys,
                duties=self.keys,
                accounts=self.texts,
                set_up=self.texts,
                http=self._http,
                dev=True,
            )
        )
        keeper = await self.keys.grant_keeper()
        apps = console, create_key_origin([self.console, self.operator], self.console, grant_keeper=lambda: keeper)
        self._servers = [
            uvicorn.Server(uvicorn.Config(app, port=port, lifespan="off", log_config=None, timeout_graceful_shutdown=1))
            for app, port in zip(apps, self._ports, strict=True)
        ]
        serving = [asyncio.create_task(server.serve()) for server in self._servers]
        while not all(server.started for server in self._servers):
            await asyncio.sleep(0.01)
        self._started.set()
        await asyncio.gather(*serving)
        if self._http is not None:
            await self._http.close()
        await self.keys.close()
        await self.ledger.close()
        await storage.close()


@contextmanager
def member_console(*, hybrid: bool = False, asks_outside: bool = False) -> Iterator[MemberConsole]:
    folder = Path(tempfile.mkdtemp(prefix="rf-"))
    stand = MemberConsole(folder, hybrid=hybrid, asks_outside=asks_outside)
    try:
        yield stand
    finally:
        stand.stop()
        shutil.rmtree(folder)


def with_authenticator(context: BrowserContext, page: Page, *, prf: bool = True) -> tuple[CDPSession, str]:
    """A person's authenticator, who touches it whenever it is asked for."""
    devtools = context.new_cdp_session(page)
    devtools.send("WebAuthn.enable", {"enableUI": False})
    options = {
        "protocol": "ctap2",
        "ctap2Version": "ctap2_1",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
        "hasPrf": prf,
    }
    added = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return devtools, added["authenticatorId"]

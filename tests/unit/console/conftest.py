import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from ringfence.console.app import create_console
from ringfence.console.dependencies import ConsoleDependencies, Origins, domain_of
from ringfence.console.operator.act_names import AskedAct, May, every_member_may
from ringfence.console.operator.installation import Installation, Way
from ringfence.console.operator.staff import Staff
from ringfence.console.refusals import RefusedError
from ringfence.console.storage import ConsoleStorage
from ringfence.dispatch.bells import Bells
from ringfence.domain.clock import ManualClock
from ringfence.drills.staff_browser import StaffBrowser
from ringfence.kms.ledger.records import FolderRecords
from ringfence.kms.ledger.writer import LedgerWriter
from ringfence.kms.memory import MemoryKeyFiles, MemoryKeyStore
from ringfence.kms.service import KeyService
from ringfence.media.recording_files import RecordingFolder
from ringfence.ports.ledger import AccessEntry, LeaseStanding
from ringfence.ports.passkeys import AttestationPolicy, RelyingParty
from ringfence.ports.process_states import ProcessState
from ringfence.ports.witnesses import WitnessState
from ringfence.store.memory import MemoryStore
from ringfence.webauthn.passkeys import WebauthnPasskeys
from software_authenticator import SoftwareAuthenticator

ORIGINS = Origins(
    api="http://localhost:8420",
    operator="http://operator.localhost:8421",
    tenant="http://console.localhost:8421",
    keys="http://keys.localhost:8422",
)


class WatchedLedger(LedgerWriter):
    """The ledger, and what was written into it; `full` makes it fail as a full disk does."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.entries: list[AccessEntry] = []
        self.full = False
        self._happens: tuple[str, Callable[[], Awaitable[Any]]] | None = None

    async def append(self, entries: Sequence[AccessEntry]) -> None:
        if self.full:
            raise OSError(28, "no space left")
        await super().append(entries)
        self.entries.extend(entries)
        if self._happens is not None and self._happens[0] in ("", entries[0].verb):
            (_, happens), self._happens = self._happens, None
            await happens()

    def meanwhile(self, happens: Callable[[], Awaitable[Any]], verb: str = "") -> None:
        """Once the next entry, or that of a verb, is written, and before what it is about is done."""
        self._happens = verb, happens

    @property
    def last(self) -> tuple[str, str, str, tuple[str, ...]]:
        """The last entry: whose record it is in, who did what, and to what."""
        entry = self.entries[-1]
        return entry.account, entry.actor, entry.verb, tuple(entry.scope)


class Stand:
    """Both consoles over a database on disk, with a key service that writes down what it is told."""

    def __init__(
        self,
        folder: Path,
        storage: ConsoleStorage,
        ledger: WatchedLedger,
        clock: ManualClock,
        policy: AttestationPolicy,
        provider: Any = None,
    ) -> None:
        self.provider = provider
        self.folder = folder
        self.storage = storage
        self.clock = clock
        self.ledger = ledger
        self.store = MemoryStore()
        self.asked: list[AskedAct] = []
        self.forbids = ""
        self.witnesses: dict[str, WitnessState] = {}
        self.may: May = every_member_may
        self.processes = [ProcessState(name="dispatcher", answers=False)]
        self.keys = KeyService(Path(), clock, self.ledger, files=MemoryKeyFiles(), store=MemoryKeyStore())
        passkeys = WebauthnPasskeys(policy)
        self.app = create_console(
            ConsoleDependencies(
                storage=storage,
                clock=clock,
                origins=ORIGINS,
                notes=self.keys,
                keys=self.keys,
                texts=self.store,
                calls=self.store,
                told=self.store,
                touched=self.store,
                counted=self.store,
                wake=Bells(),
                recordings=RecordingFolder(folder / "recordings"),
                staff_passkeys=passkeys,
                members_passkeys=WebauthnPasskeys(),
                view=self.store,
                records=FolderRecords(folder, self.keys.allow, lease=lambda: LeaseStanding(since_ms=1)),
                processes=self._states,
                grants=self.keys,
                duties=self.keys,
                accounts=self.store,
                staff_may=self._may,
                http=provider,
                dev=True,
                installation=Installation(
                    ways=[
                        Way(name="simulator", kind="texts"),
                        Way(name="carrier", kind="calls", host="sip.carrier.example", beginnings=["+49"]),
                    ],
                    number_rate_mps=100.0,
                    witnesses=lambda: self.witnesses,
                ),
                set_up=self.store,
            )
        )
        origin = ORIGINS.operator
        party = RelyingParty(id=domain_of(origin), name="", origins=(origin,))
        self.terminal = Staff(storage, passkeys, party, self.keys, clock, self.keys)

    async def _states(self) -> Sequence[ProcessState]:
        return self.processes

    async def _may(self, asked: AskedAct) -> None:
        self.asked.append(asked)
        if self.forbids:
            raise RefusedError(self.forbids, status=403)
        await self.may(asked)

    def browser(self, authenticator: SoftwareAuthenticator | None = None) -> StaffBrowser:
        """A person's, with an authenticator of their own."""
        return StaffBrowser(self.app, ORIGINS.operator, self.clock.now_ms, authenticator or SoftwareAuthenticator())

    async def first(self, name: str = "Ada") -> StaffBrowser:
        """The first member, signed in."""
        browser = self.browser()
        assert (await browser.join(await self.terminal.invite_first(name))).status_code == 200
        assert (await browser.sign_in()).status_code == 200
        return browser

    @property
    def noted(self) -> list[tuple[str, str]]:
        """Who did what, as the ledger has it."""
        return [(entry.actor.partition(":")[0], entry.verb) for entry in self.ledger.entries]


StandAt = Callable[..., AbstractAsyncContextManager[Stand]]


@pytest.fixture
def stand(tmp_path: Path, clock: ManualClock) -> StandAt:
    @contextlib.asynccontextmanager
    async def stand(policy: AttestationPolicy | None = None, provider: Any = None) -> AsyncIterator[Stand]:
        storage, ledger = ConsoleStorage(tmp_path / "console.db"), WatchedLedger(tmp_path)
        await storage.open()
        await ledger.open(clock.now_ms())
        it = Stand(tmp_path, storage, ledger, clock, policy or AttestationPolicy(), provider)
        await it.store.open()
        await it.keys.open()
        try:
            yield it
        finally:
            await it.keys.close()
            await ledger.close()
            await storage.close()

    return stand

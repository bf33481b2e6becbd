"""An operator's console as a drill sees it: a page with a canary that staff alone may see, and who tries to.

Ours is the console itself over a database and a key service in a folder. The control build has one of 2022.
"""

import contextlib
import datetime
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from ringfence.console.app import create_console
from ringfence.console.dependencies import ConsoleDependencies, Origins, domain_of
from ringfence.console.live.pages import LivePages
from ringfence.console.operator.app import operator_routes
from ringfence.console.operator.staff import DELAY_MS, LINK_LIFE_MS, Staff
from ringfence.console.pages import Pages
from ringfence.console.sessions import FRESH_MS, Sessions
from ringfence.console.storage import DATABASE, ConsoleStorage
from ringfence.dispatch.bells import Bells
from ringfence.domain.clock import ManualClock
from ringfence.drills.door_trying import Door
from ringfence.drills.staff_browser import Response, StaffBrowser
from ringfence.kms.ledger.records import FolderRecords
from ringfence.kms.ledger.writer import LedgerWriter
from ringfence.kms.service import KeyService
from ringfence.media.recording_files import RecordingFolder
from ringfence.ports.http import HttpClient
from ringfence.ports.passkeys import AttestationPolicy, RelyingParty
from ringfence.ports.process_states import ProcessState
from ringfence.roles.run_dir import make_private
from ringfence.store.memory import MemoryStore
from ringfence.webauthn.passkeys import WebauthnPasskeys

# A page that is shown to staff alone, and has the canary on it.
INSIDE = "/staff"
USED = "a link that its person used already"
OLD = "a link that is older than ten minutes"
SOFTWARE = "a link that still works, and a key made in software"
LOOK_ALIKE = "a link that still works, and a key made on a look-alike page"
LEFT_OPEN = "a browser left open six minutes ago, to add a key with"
CLERK = "a member who is talked into an invitation"
STOLEN = ("name", "password", "code", "text", "mail", "remember", "assertion", "bearer", "answer")
HIJACKS = (USED, OLD, SOFTWARE, LOOK_ALIKE, LEFT_OPEN, CLERK)


class Person(Protocol):
    """Somebody's browser, signed in. Everything that it sent is kept, and its cookie."""

    sent: list[Any]
    cookie: str

    async def page(self, path: str) -> Response: ...

    async def sign_out(self) -> None: ...


class Desk(Door, Protocol):
    """A console of its own. `canary` stands on the page `INSIDE`.

    `stolen` is what phishing brings in of a member; `routes` are methods and paths, as the router has them.
    """

    @property
    def stolen(self) -> Mapping[str, str]: ...

    @property
    def routes(self) -> Sequence[tuple[str, str]]: ...

    @property
    def sign_in_path(self) -> str: ...

    @property
    def typed(self) -> Mapping[str, str]:
        """What a member types into the page at `sign_in_path` before they click `#sign-in`, by selector."""

    @property
    def greeting(self) -> str:
        """A selector of what whoever has signed in sees first."""

    async def link(self) -> str:
        """Where a member enrols first, "" where there is nothing to enrol."""

    async def member(self) -> Person:
        """A member of staff, who signs in as members do."""

    async def hijack(self, way: str) -> Response:
        """Play one of `HIJACKS` to its end; what the attacker sees then of `INSIDE`, as a member of his making."""


class OurDesk:
    """`Desk` over the console of this package."""

    sign_in_path = "/sign-in"
    greeting = "#processes"
    typed: Mapping[str, str] = {}

    # The page of `Door`.
    inside = INSIDE

    def __init__(self, folder: Path, port: int, http: HttpClient | None = None) -> None:
        self.origin = f"http://operator.localhost:{port}"
        self.clock = ManualClock()
        self.canary = secrets.token_hex(16)
        # Nobody here has any of this: the attacker sends what would have been theirs.
        self.stolen = dict.fromkeys(STOLEN, secrets.token_hex(16))
        self._ledger = LedgerWriter(folder)
        self._keys = KeyService(folder, self.clock, self._ledger)
        self._storage = ConsoleStorage(folder / DATABASE)
        self._records = FolderRecords(folder, self._keys.allow)
        self._view = MemoryStore()
        self._recordings = folder / "recordings"
        self._http = http
        self._first: StaffBrowser | None = None
        self._take(AttestationPolicy())

    def _take(self, policy: AttestationPolicy) -> None:
        """Take the authenticators of a policy from now on."""
        passkeys = WebauthnPasskeys(policy)
        self._dependencies = ConsoleDependencies(
            storage=self._storage,
            clock=self.clock,
            origins=Origins(
                api="http://localhost:8420",
                operator=self.origin,
                tenant="http://console.localhost:8421",
                keys="http://keys.localhost:8422",
            ),
            notes=self._keys,
            keys=self._keys,
            texts=self._view,
            calls=self._view,
            told=self._view,
            touched=self._view,
            counted=self._view,
            wake=Bells(),
            recordings=RecordingFolder(self._recordings),
            staff_passkeys=passkeys,
            members_passkeys=passkeys,
            view=self._view,
            records=self._records,
            processes=_nobody,
            grants=self._keys,
            duties=self._keys,
            accounts=self._view,
            set_up=self._view,
            http=self._http,
            dev=True,
        )
        self.app: ASGIApp = create_console(self._dependencies)
        party = RelyingParty(id=domain_of(self.origin), name="", origins=(self.origin,))
        self._terminal = Staff(self._storage, passkeys, party, self._keys, self.clock, self._keys)

    @property
    def routes(self) -> Sequence[tuple[str, str]]:
        live = LivePages(Sessions(self._storage, self.clock), self.clock)
        return [each for route in operator_routes(self._dependencies, Pages(), live) for each in _spelled(route)]

    async def link(self) -> str:
        return f"{self.origin}/join#{await self._terminal.invite_first(self.canary)}"

    async def member(self) -> "OurPerson":
        if self._first is None:
            self._first = self._browser()
            await self._first.join(await self._terminal.invite_first(self.canary))
        person = OurPerson(self.app, self.origin, self.clock.now_ms, self._first.authenticator)
        answer = await person.sign_in()
        assert answer.status_code == 200, "a member signs in with their own passkey"
        return person

    async def hijack(self, way: str) -> Response:
        ada = await self.member()
        attacker = self._browser()
        if way == LEFT_OPEN:
            self.clock.advance(FRESH_MS + 60_000)
            begun = await ada.ask("POST", "/passkeys/options")
            if begun.status_code == 200:
                answer = attacker.authenticator.create(begun.json()["options"], self.origin)
                await ada.ask("POST", "/passkeys", {"ceremony": begun.json()["ceremony"], "answer": answer})
        else:
            await self._join_by_link(way, ada, attacker)
        await attacker.sign_in()
        seen = await attacker.page(INSIDE)
        if way == CLERK:
            # The others see it meanwhile, and one of them does something about it.
            await self._remove_who_waits(ada)
            self.clock.advance(DELAY_MS)
            await attacker.sign_in()
            seen = await attacker.page(INSIDE)
        return seen

    async def _join_by_link(self, way: str, ada: "OurPerson", attacker: StaffBrowser) -> None:
        asked = await ada.ask("POST", "/staff/invitations", {"name": "Bob", "roles": ["support"]})
        secret = str(asked.json()["link"]).partition("/join#")[2]
        if way == USED:
            await self._browser().join(secret)
        elif way == OLD:
            self.clock.advance(LINK_LIFE_MS + 1)
        elif way == SOFTWARE:
            # Whoever runs this for others names makers. This one has made nothing.
            self._take(AttestationPolicy(roots=(_a_root(),)))
            attacker = StaffBrowser(self.app, self.origin, self.clock.now_ms, attacker.authenticator)
        await attacker.join(secret, origin="http://operator.localhost.example" if way == LOOK_ALIKE else "")
        self._take(AttestationPolicy())

    async def _remove_who_waits(self, ada: "OurPerson") -> None:
        for member in await self._terminal.members():
            if member.active_ms > self.clock.now_ms():
                await ada.ask("POST", f"/staff/{member.id}/remove")

    def _browser(self) -> StaffBrowser:
        return StaffBrowser(self.app, self.origin, self.clock.now_ms)

    async def open(self) -> None:
        """Open what is in the folder."""
        await self._ledger.open(self.clock.now_ms())
        await self._keys.open()
        await self._storage.open()
        await self._view.open()

    async def close(self) -> None:
        """Close it again."""
        await self._storage.close()
        await self._keys.close()
        await self._ledger.close()


@contextlib.asynccontextmanager
async def our_desk(folder: Path, port: int = 8421) -> AsyncIterator[Desk]:
    """`OurDesk` in a folder, on a clock that the drill moves; `port` is where it will be served, if it is."""
    make_private(folder)
    desk = OurDesk(folder, port)
    await desk.open()
    try:
        yield desk
    finally:
        await desk.close()


class OurPerson(StaffBrowser):
    """A member of staff at our console."""

    async def sign_out(self) -> None:
        await self.ask("POST", "/sign-out")


def _a_root() -> bytes:
    """The certificate of a maker, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "A maker")])
    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    return made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


async def _nobody() -> Sequence[ProcessState]:
    return ()


def _spelled(route: BaseRoute) -> Sequence[tuple[str, str]]:
    """Methods and path of a route, with something in the place of each parameter."""
    if not isinstance(route, Route):
        return ()
    path = route.path.replace("{id}", "ST1").replace("{sid}", f"AC{'a' * 32}").replace("{message}", f"SM{'a' * 32}")
    return [(method, path.replace("{name}", "acts.js")) for method in sorted(route.methods or ())]

"""The two builds that a drill is run on: ours, and the control, the platform of August 2022."""

import importlib
import importlib.util
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec

from ringfence.carriers.sip.lines import SipLines
from ringfence.domain.clock import Clock
from ringfence.drills.grant_approvals import Approvals, ByNumber
from ringfence.drills.grant_room import Room
from ringfence.drills.member_door import MemberDoor, our_member_door
from ringfence.drills.record import Record, WatchedLedger
from ringfence.drills.staff_desk import Desk, our_desk
from ringfence.http.client import PooledClient
from ringfence.http.egress_guard import EgressGuard, Resolver, production
from ringfence.kms.ledger.writer import ENTRIES, FOLDER, LedgerWriter
from ringfence.kms.service import KeyService
from ringfence.ports.factor_keys import FactorKeys
from ringfence.ports.http import HttpClient
from ringfence.ports.keys import DeliveryKeys
from ringfence.ports.verification_codes import CodeReader, VerificationCodes
from ringfence.roles.run_dir import make_private
from ringfence.roles.supervisor import role_command
from ringfence.usecases.accounts.release_number import REST_MS

if TYPE_CHECKING:
    from ringfence.drills.held_browser import HeldBrowser
    from ringfence.drills.seeded_copy import SeededCopy
    from ringfence.roles.settings import Settings

CONTROL = "ringfence.drills.control"
_STAND_INS = {"kms": "key_role", "api": "api_role", "audit": "audit_role"}


class Keys(FactorKeys, DeliveryKeys, VerificationCodes, CodeReader, Protocol):
    """Both sides of a key service, in one process."""

    async def tidy(self) -> None: ...

    async def close(self) -> None: ...


@asynccontextmanager
async def guarded_egress(allow: Sequence[str], resolver: Resolver) -> AsyncIterator[HttpClient]:
    """Ours, as a dispatcher in production has it."""
    client = PooledClient(EgressGuard(production(allow), resolver))
    try:
        yield client
    finally:
        await client.close()


class Design(msgspec.Struct, frozen=True, kw_only=True):
    """What a build is made of, by name; its defaults are ours. A new field stands in its alphabetical place."""

    name: str
    # Starts a role's process.
    command: Callable[[str], list[str]]
    # The key service at a folder.
    open_keys: Callable[[Path, Clock], Awaitable[Keys]]

    # Asks a tenant for a grant.
    approvals: Callable[[Room], Approvals] = ByNumber
    # Whether tenants require their clients' signatures.
    clients_sign: bool = True
    # Whether a legal duty to retain metadata is declared and sealed: else everything is kept in the clear anyway.
    declares_duties: bool = True
    # The client that calls tenants' programs in production, while it is open: what may be reached besides the public
    # Internet, and how names resolve.
    egress: Callable[[Sequence[str], Resolver], AbstractAsyncContextManager[HttpClient]] = guarded_egress
    # The setting `verify_fraud_guard`.
    fraud_guard: str = "standard"
    # A browser that is signed in at the console of a seeded copy; None stands for that of `drills.held_browser`.
    held_browser: "Callable[[Settings, SeededCopy], AbstractAsyncContextManager[HeldBrowser]] | None" = None
    # Whether the code that touches keys in browsers has an origin of its own.
    keys_apart: bool = True
    # The role that writes the record of openings.
    log_writer: str = "kms"
    # The module of the legs that media workers carry: it needs numpy, which not everybody has.
    media_leg: str = "ringfence.media.leg"
    # A tenants' console in a folder, to whose members an organisation's provider leads.
    member_door: Callable[..., AbstractAsyncContextManager[MemberDoor]] = our_member_door
    # The setting of Verify Services.
    new_factors_need_approval: bool = True
    # How long nobody else gets a number that was given up.
    number_rest_ms: int = REST_MS
    # The record of openings in a folder, and its file there.
    record: Callable[[Path], Record] = WatchedLedger
    record_file: str = f"{FOLDER}/{ENTRIES}"
    sip_lines: Callable[..., SipLines] = SipLines
    # An operator's console in a folder, and at a port where it is served.
    staff_desk: Callable[..., AbstractAsyncContextManager[Desk]] = our_desk
    # Whether staff need no grant.
    staff_read_by_role: bool = False
    # Whether tenants' programs look at the signatures of what comes.
    webhooks_checked: bool = True


class _LoggedKeys(KeyService):
    """Ours, with its ledger opened and closed along with it."""

    hybrid = False

    def __init__(self, directory: Path, clock: Clock) -> None:
        self._log = LedgerWriter(directory)
        super().__init__(directory, clock, self._log, hybrid=self.hybrid)

    async def close(self) -> None:
        await super().close()
        await self._log.close()

    @classmethod
    async def opened(cls, directory: Path, clock: Clock) -> "_LoggedKeys":
        make_private(directory)
        keys = cls(directory, clock)
        await keys._log.open(clock.now_ms())
        await keys.open()
        return keys


class _HybridKeys(_LoggedKeys):
    """The same with `hybrid_sealing`."""

    hybrid = True


OURS = Design(name="ours", open_keys=_LoggedKeys.opened, command=role_command)
# Its roles' processes have the default setting: for drills within one process.
OURS_HYBRID = Design(name="ours, by the hybrid", open_keys=_HybridKeys.opened, command=role_command)


def control() -> Design | None:
    """The control build, or None where it is not installed: it does not come with a wheel."""
    if importlib.util.find_spec(CONTROL) is None:
        return None
    platform_keys = importlib.import_module(f"{CONTROL}.platform_keys").PlatformKeys

    async def open_keys(directory: Path, clock: Clock) -> Keys:
        keys: Keys = platform_keys(directory, clock)
        await keys.open()  # type: ignore[attr-defined]
        return keys

    def command(role: str) -> list[str]:
        if role not in _STAND_INS:
            return role_command(role)
        return [sys.executable, "-P", "-m", f"{CONTROL}.{_STAND_INS[role]}", role]

    open_lines = importlib.import_module(f"{CONTROL}.open_desk").open_lines
    return Design(
        name="control",
        command=command,
        open_keys=open_keys,
        approvals=importlib.import_module(f"{CONTROL}.push_approvals").PushApprovals,
        clients_sign=False,
        declares_duties=False,
        egress=importlib.import_module(f"{CONTROL}.open_egress").open_egress,
        fraud_guard="off",
        held_browser=importlib.import_module(f"{CONTROL}.support_console").support_console,
        keys_apart=False,
        log_writer="audit",
        media_leg=f"{CONTROL}.following_leg",
        member_door=importlib.import_module(f"{CONTROL}.door_of_2022").DoorOf2022.opened,
        new_factors_need_approval=False,
        number_rest_ms=0,
        record=importlib.import_module(f"{CONTROL}.audit_file").AuditFile,
        record_file="audit.jsonl",
        sip_lines=open_lines,
        staff_desk=importlib.import_module(f"{CONTROL}.desk_of_2022").DeskOf2022.opened,
        staff_read_by_role=True,
        webhooks_checked=False,
    )

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
    """`open_keys` opens the key service at a folder; `command` starts a role's process; `sip_lines` makes SIP lines.

    `media_leg` is the module of the legs that media workers carry: it needs numpy, which not everybody has.
    `fraud_guard` is the setting `verify_fraud_guard`, `new_factors_need_approval` that of Verify Services;
    `number_rest_ms` is how long nobody else gets a number that was given up; with `clients_sign` tenants require their
    clients' signatures. `record` is the record of openings in a
    folder; the role `log_writer` writes it, to `record_file` of the key service's folder.
    `egress` gives the client that calls tenants' programs in production, while it is open; the network is told what may
    be reached besides the public Internet, and how names resolve. `staff_desk` is an operator's console in a folder,
    and at a port where it is served; `held_browser` one that is signed in at the console of a seeded copy, by default
    that of `drills.held_browser`.

    With `keys_apart` the code that touches keys in browsers has an origin of its own. With `staff_read_by_role` staff
    need no grant; `approvals` asks for one.
    """

    name: str
    open_keys: Callable[[Path, Clock], Awaitable[Keys]]
    command: Callable[[str], list[str]]
    sip_lines: Callable[..., SipLines] = SipLines
    media_leg: str = "ringfence.media.leg"
    fraud_guard: str = "standard"
    new_factors_need_approval: bool = True
    keys_apart: bool = True
    staff_read_by_role: bool = False
    approvals: Callable[[Room], Approvals] = ByNumber
    number_rest_ms: int = REST_MS
    clients_sign: bool = True
    record: Callable[[Path], Record] = WatchedLedger
    log_writer: str = "kms"
    record_file: str = f"{FOLDER}/{ENTRIES}"
    egress: Callable[[Sequence[str], Resolver], AbstractAsyncContextManager[HttpClient]] = guarded_egress
    staff_desk: Callable[..., AbstractAsyncContextManager[Desk]] = our_desk
    held_browser: "Callable[[Settings, SeededCopy], AbstractAsyncContextManager[HeldBrowser]] | None" = None


class _LoggedKeys(KeyService):
    """Ours, with its ledger opened and closed along with it."""

    def __init__(self, directory: Path, clock: Clock) -> None:
        self._log = LedgerWriter(directory)
        super().__init__(directory, clock, self._log)

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


OURS = Design(name="ours", open_keys=_LoggedKeys.opened, command=role_command)


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
        open_keys=open_keys,
        command=command,
        sip_lines=open_lines,
        media_leg=f"{CONTROL}.following_leg",
        fraud_guard="off",
        new_factors_need_approval=False,
        keys_apart=False,
        staff_read_by_role=True,
        approvals=importlib.import_module(f"{CONTROL}.push_approvals").PushApprovals,
        number_rest_ms=0,
        clients_sign=False,
        record=importlib.import_module(f"{CONTROL}.audit_file").AuditFile,
        log_writer="audit",
        record_file="audit.jsonl",
        egress=importlib.import_module(f"{CONTROL}.open_egress").open_egress,
        staff_desk=importlib.import_module(f"{CONTROL}.desk_of_2022").DeskOf2022.opened,
        held_browser=importlib.import_module(f"{CONTROL}.support_console").support_console,
    )

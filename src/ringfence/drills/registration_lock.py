"""D35: whoever reads the codes of a number registers it at a messenger. With a registration lock that must not do.

The messenger is examples/messenger-signup as it stands there, on codes of this platform. Its customers have a PIN; on
the control they have none. The attacker reads what comes to their telephones, and knows which PINs people choose.
"""

import asyncio
import contextlib
import importlib.util
import secrets
import tempfile
import time
from collections.abc import Coroutine
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import msgspec

from ringfence.domain.verify_service import VerifyService
from ringfence.drills.database import database_of
from ringfence.drills.design import OURS, Design
from ringfence.drills.drill import Drill
from ringfence.drills.example_program import EXAMPLES, example_program
from ringfence.drills.report import Finding
from ringfence.drills.seeded_copy import SeededCopy, Tenant, seeded_copy
from ringfence.ports.verify_config import VerifyRow
from ringfence.usecases.verify.start_request import StartRequest
from ringfence.usecases.verify.verification_view import VerificationView

DRILL = "D35"
TITLE = "numbers of a messenger registered by whoever reads their codes"
EXAMPLE = "messenger-signup"
MODULE = "registration"
WITHIN_S = 30
NOT_FOUND = 404
# The first that people choose of those that the messenger takes, by leaked lists of six digits.
GUESSES = ("112233", "159753", "131313", "147258", "789456", "101010", "147852", "123321", "654123", "112358")
# One that is on no such list.
PIN = "493817"


def missing() -> str:
    """Why it cannot be played here; "" where it can."""
    if not (EXAMPLES / EXAMPLE / f"{MODULE}.py").is_file():
        return "examples/messenger-signup is in a checkout only"
    return "" if importlib.util.find_spec("twilio") else "the package twilio is not installed"


def registration_lock(design: Design, tenants: int, database: str = "") -> Finding:
    """Each tenant is a messenger with one customer, whose number is attacked with one code after the other."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ringfence-drill-") as folder, example_program(EXAMPLE, MODULE) as modules:
        found = asyncio.run(_attack(Path(folder), design, tenants, database, modules))
    return Finding(
        drill=DRILL,
        design=design.name,
        tenants=tenants,
        reached=sum(each.taken for each in found),
        seconds=time.monotonic() - started,
        rows=(
            ("PINs compared of one number, at most", str(max(each.compared for each in found))),
            ("owners told that a code was shown", f"{sum(each.told for each in found)} of {tenants}"),
        ),
    )


class _Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What the attack on one number came to."""

    taken: bool
    compared: int
    told: bool


class _Messenger:
    """One messenger: the example's registration on a Verify Service of this copy, and its clock."""

    def __init__(
        self, copy: SeededCopy, tenant: Tenant, service: VerifyRow, modules: ModuleType, accounts: Any
    ) -> None:
        self._copy = copy
        self._tenant = tenant
        self._service = service
        self._loop = asyncio.get_running_loop()
        self._refusal = modules.TwilioRestException
        self._started: VerificationView | None = None
        self.offset_s = 0.0
        # As the official SDK's: the example does not know that it talks to the use cases.
        self.verifications = SimpleNamespace(create=self._start)
        self.verification_checks = SimpleNamespace(create=self._check)
        self.registration = modules.Registration(self, accounts, secrets.token_bytes(32), self.now_s)

    def now_s(self) -> float:
        return time.time() + self.offset_s

    async def code_on_telephone(self) -> str:
        """A new code, read where it arrives."""
        await asyncio.to_thread(self.registration.send_code, self._tenant.customer)
        assert self._started is not None
        return await self._copy.code_on_handset(self._started, self._tenant.customer)

    async def show_code(self) -> Any:
        """What the messenger says to whoever has read a code."""
        code = await self.code_on_telephone()
        return await asyncio.to_thread(self.registration.show_code, self._tenant.customer, code)

    def _start(self, *, to: str, channel: str) -> None:
        request = StartRequest(to=to, channel=channel)
        self._started = self._wait(self._copy.verifying.starter.start(self._tenant.caller, self._service, request))

    def _check(self, *, to: str, code: str) -> SimpleNamespace:
        view = self._wait(self._copy.verifying.checker.check(self._tenant.caller, self._service, code, to=to))
        if view is None:
            raise self._refusal(NOT_FOUND, "", code=20404)
        return SimpleNamespace(status=view.row.status.value)

    def _wait(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(WITHIN_S)


async def _attack(folder: Path, design: Design, tenants: int, database: str, modules: ModuleType) -> list[_Outcome]:
    async with contextlib.AsyncExitStack() as stack:
        place = await stack.enter_async_context(database_of(database))
        copy = await stack.enter_async_context(seeded_copy(folder, design, place.url if place else ""))
        await copy.add_tenants(tenants)
        await stack.enter_async_context(copy.dispatched())
        accounts = modules.Accounts(folder / "messenger.db")
        stack.callback(accounts.close)
        return [
            await _attack_one(
                _Messenger(
                    copy,
                    each,
                    await copy.verify_service(each, VerifyService(friendly_name="Pigeon")),
                    modules,
                    accounts,
                ),
                locked=design is OURS,
            )
            for each in copy.tenants
        ]


async def _attack_one(messenger: _Messenger, *, locked: bool) -> _Outcome:
    """The owner registers; the attacker shows a code, and a PIN whenever one may be tried."""
    registration = messenger.registration
    owner = (await messenger.show_code()).token
    if locked:
        await asyncio.to_thread(registration.set_pin, registration.device(owner).account, PIN)
    compared = 0
    for guess in GUESSES:
        answered = await messenger.show_code()
        if not hasattr(answered, "ticket"):
            break
        before = answered.tries_left
        answered = await asyncio.to_thread(registration.show_pin, answered.ticket, guess)
        if not hasattr(answered, "ticket"):
            break
        compared += before - answered.tries_left
        messenger.offset_s += answered.retry_after_s
    device = registration.device(owner)
    told = any(kind == "code shown" for _, kind in registration.notices(owner))
    return _Outcome(taken=hasattr(answered, "token") or not device.active, compared=compared, told=told)


DRILLS = (
    Drill(
        name=DRILL,
        title=TITLE,
        play=registration_lock,
        tenants=10,
        missing=missing,
        each="numbers",
    ),
)

"""D21: guess a one-time code by many checks at once, and by having it sent again. Ours must compare five, and no more.

The right code is the last of a thousand guesses that are made together: where it is approved, all were compared. A
tenant is reached too where more than five were.
"""

import asyncio
import contextlib
import tempfile
import time
from pathlib import Path

from ringfence.domain.errors import ApiError
from ringfence.domain.verification import SENDS_MAX, Status
from ringfence.domain.verification_code import CHECKS_MAX
from ringfence.domain.verify_service import VerifyService
from ringfence.drills.database import database_of
from ringfence.drills.design import Design
from ringfence.drills.drill import Drill
from ringfence.drills.report import Finding
from ringfence.drills.seeded_copy import SeededCopy, Tenant, seeded_copy
from ringfence.ports.verify_config import VerifyRow
from ringfence.usecases.verify.start_request import StartRequest
from ringfence.usecases.verify.verification_view import VerificationView

DRILL = "D21"
TITLE = "one-time codes guessed in parallel, and sent again"
TOGETHER = 1_000
# Long enough that no other ten digits on a disk are taken for a code.
DIGITS = 10


class _Tally:
    """What the attacker came to."""

    def __init__(self) -> None:
        self.reached: set[str] = set()
        self.sends = 0
        self.compared = 0
        self.codes: list[str] = []


def code_guessing(design: Design, tenants: int, database: str = "") -> Finding:
    """For each tenant a code is sent, a thousand guesses are made at once, and once more after it is sent again."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ringfence-drill-") as folder:
        tally = asyncio.run(_attack(Path(folder), design, tenants, database))
        lying = _lying_about(Path(folder), tally.codes)
    return Finding(
        drill=DRILL,
        design=design.name,
        tenants=tenants,
        reached=len(tally.reached),
        seconds=time.monotonic() - started,
        rows=(
            ("guesses compared of one code, at most", f"{tally.compared}"),
            ("codes sent of one verification, at most", f"{tally.sends}"),
            ("codes lying on disk", f"{lying} of {len(tally.codes)}"),
        ),
    )


async def _attack(folder: Path, design: Design, tenants: int, database: str) -> _Tally:
    tally = _Tally()
    async with contextlib.AsyncExitStack() as stack:
        place = await stack.enter_async_context(database_of(database))
        copy = await stack.enter_async_context(seeded_copy(folder, design, place.url if place else ""))
        await copy.add_tenants(tenants)
        async with copy.dispatched():
            for tenant in copy.tenants:
                await _attack_one(copy, tenant, tally)
    return tally


async def _attack_one(copy: SeededCopy, tenant: Tenant, tally: _Tally) -> None:
    service = await copy.verify_service(tenant, VerifyService(friendly_name="Shop", code_length=DIGITS))
    begun = await _start(copy, tenant, service)
    assert begun is not None
    code = await copy.code_on_handset(begun, tenant.customer)
    tally.codes.append(code)
    sends = 1
    while sends < 2 * SENDS_MAX and await _start(copy, tenant, service) is not None:
        sends += 1
    guesses = [*_wrong(code, TOGETHER - 1), code]
    answers = await asyncio.gather(*(_check(copy, tenant, service, guess) for guess in guesses))
    compared = sum(answer is not None for answer in answers)
    # Sent again, it must not be counted anew.
    await _start(copy, tenant, service)
    answers.append(await _check(copy, tenant, service, code))
    tally.compared, tally.sends = max(tally.compared, compared), max(tally.sends, sends)
    if Status.APPROVED in answers or compared > CHECKS_MAX or sends > SENDS_MAX:
        tally.reached.add(tenant.sid)


async def _start(copy: SeededCopy, tenant: Tenant, service: VerifyRow) -> VerificationView | None:
    try:
        return await copy.verifying.starter.start(
            tenant.caller, service, StartRequest(to=tenant.customer, channel="sms")
        )
    except ApiError:
        return None


async def _check(copy: SeededCopy, tenant: Tenant, service: VerifyRow, guess: str) -> Status | None:
    """The status that an answer tells; None where the guess was not compared."""
    try:
        view = await copy.verifying.checker.check(tenant.caller, service, guess, to=tenant.customer)
    except ApiError:
        return None
    return None if view is None else view.row.status


def _wrong(code: str, count: int) -> list[str]:
    return [f"{(int(code) + n) % 10**DIGITS:0{DIGITS}d}" for n in range(1, count + 1)]


def _lying_about(folder: Path, codes: list[str]) -> int:
    """How many codes stand in clear in any file."""
    written = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    return sum(any(code.encode() in data for data in written) for code in codes)


DRILLS = (Drill(name=DRILL, title=TITLE, play=code_guessing, tenants=20),)

"""D22: use a valid code where it does not belong: elsewhere, again, or too late. Ours must take none of them."""

import asyncio
import contextlib
import tempfile
import time
from collections import Counter
from pathlib import Path

from ringfence.domain.errors import ApiError
from ringfence.domain.verification import Status
from ringfence.domain.verification_code import LIFE_MS
from ringfence.domain.verify_service import VerifyService
from ringfence.drills.database import database_of
from ringfence.drills.design import Design
from ringfence.drills.drill import Drill
from ringfence.drills.report import Finding
from ringfence.drills.seeded_copy import SeededCopy, Tenant, seeded_copy
from ringfence.ports.verify_config import VerifyRow
from ringfence.usecases.verify.start_request import StartRequest

DRILL = "D22"
TITLE = "valid one-time codes used elsewhere, again and too late"
DIGITS = 10


class _Tally:
    """What was taken that should not have been."""

    def __init__(self) -> None:
        self.reached: set[str] = set()
        self.tried = 0
        self.accepted: Counter[str] = Counter()

    def note(self, tenant: Tenant, how: str, *, taken: bool) -> None:
        self.tried += 1
        if taken:
            self.accepted[how] += 1
            self.reached.add(tenant.sid)


def code_reuse(design: Design, tenants: int, database: str = "") -> Finding:
    """Every tenant gets a code; it is tried at another service, number and tenant, again, and after its time."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ringfence-drill-") as folder:
        tally = asyncio.run(_attack(Path(folder), design, tenants, database))
    return Finding(
        drill=DRILL,
        design=design.name,
        tenants=tenants,
        reached=len(tally.reached),
        seconds=time.monotonic() - started,
        rows=(
            ("codes accepted where they do not belong", f"{tally.accepted.total()} of {tally.tried}"),
            *((f"accepted {how}", str(count)) for how, count in sorted(tally.accepted.items())),
        ),
    )


async def _attack(folder: Path, design: Design, tenants: int, database: str) -> _Tally:
    tally = _Tally()
    async with contextlib.AsyncExitStack() as stack:
        place = await stack.enter_async_context(database_of(database))
        copy = await stack.enter_async_context(seeded_copy(folder, design, place.url if place else ""))
        await copy.add_tenants(tenants)
        async with copy.dispatched():
            late = [
                await _attack_one(copy, tenant, copy.tenants[n - 1], tally) for n, tenant in enumerate(copy.tenants)
            ]
        copy.move_clock(LIFE_MS)
        for tenant, (service, code) in zip(copy.tenants, late, strict=True):
            taken = await _takes(copy, tenant, service, code, tenant.customer)
            tally.note(tenant, "after ten minutes", taken=taken)
    return tally


async def _attack_one(copy: SeededCopy, tenant: Tenant, other: Tenant, tally: _Tally) -> tuple[VerifyRow, str]:
    """All but what takes ten minutes: for that, a service and a code that nobody has used."""
    settings = VerifyService(friendly_name="Shop", code_length=DIGITS)
    own, second = await copy.verify_service(tenant, settings), await copy.verify_service(tenant, settings)
    others = await copy.verify_service(other, settings)
    code = await _sent(copy, tenant, own, tenant.customer)
    unused = await _sent(copy, tenant, second, tenant.customer)
    await _sent(copy, tenant, own, other.customer)
    await _sent(copy, other, others, tenant.customer)
    for how, who, service, number in (
        ("at another service", tenant, second, tenant.customer),
        ("for another number", tenant, own, other.customer),
        ("at another tenant", other, others, tenant.customer),
    ):
        tally.note(tenant, how, taken=await _takes(copy, who, service, code, number))
    if not await _takes(copy, tenant, own, code, tenant.customer):
        raise AssertionError("a right code was refused: this drill would prove nothing")
    tally.note(tenant, "a second time", taken=await _takes(copy, tenant, own, code, tenant.customer))
    return second, unused


async def _sent(copy: SeededCopy, tenant: Tenant, service: VerifyRow, number: str) -> str:
    begun = await copy.verifying.starter.start(tenant.caller, service, StartRequest(to=number, channel="sms"))
    return await copy.code_on_handset(begun, number)


async def _takes(copy: SeededCopy, tenant: Tenant, service: VerifyRow, code: str, number: str) -> bool:
    try:
        view = await copy.verifying.checker.check(tenant.caller, service, code, to=number)
    except ApiError:
        return False
    return view is not None and view.row.status is Status.APPROVED


DRILLS = (Drill(name=DRILL, title=TITLE, play=code_reuse, tenants=100),)

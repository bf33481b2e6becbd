"""D33: somebody rents the number that a tenant has given up, to read what went there and what still comes."""

import asyncio
import contextlib
import tempfile
import time
from pathlib import Path

from ringfence.drills.database import database_of
from ringfence.drills.design import Design
from ringfence.drills.drill import Drill
from ringfence.drills.report import Finding
from ringfence.drills.seeded_copy import SeededCopy, Tenant, seeded_copy
from ringfence.usecases.accounts.release_number import REST_MS

DRILL = "D33"
TITLE = "a number rented that another tenant gave up"
_DAY_MS = 86_400_000
LATE = "text of a customer who does not know"


def recycled_number(design: Design, tenants: int, database: str = "") -> Finding:
    """For each tenant another account tries to rent its number at once, the day before its rest is over, and after it.

    Customers go on texting the number in between. A tenant is reached where a canary of its own, or of such a text, is
    among what the renter reads.
    """
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ringfence-drill-") as folder:
        reached, early, late = asyncio.run(_attack(Path(folder), design, tenants, database))
    return Finding(
        drill=DRILL,
        design=design.name,
        tenants=tenants,
        reached=reached,
        seconds=time.monotonic() - started,
        proves=late == tenants,
        rows=(("numbers rented within 90 days, after them", f"{early}, {late}"),),
    )


async def _attack(folder: Path, design: Design, tenants: int, database: str) -> tuple[int, int, int]:
    async with contextlib.AsyncExitStack() as stack:
        place = await stack.enter_async_context(database_of(database))
        copy = await stack.enter_async_context(seeded_copy(folder, design, place.url if place else ""))
        await copy.add_tenants(tenants)
        await copy.run_traffic()
        renters = [await copy.add_renter(f"Renter {n}") for n in range(tenants)]
        pairs = list(zip(copy.tenants, renters, strict=True))
        for tenant in copy.tenants:
            await copy.give_up_number(tenant)
        early = await _rented(copy, pairs)
        async with copy.dispatched():
            for tenant in copy.tenants:
                copy.answer(tenant, LATE)
            await copy.news_taken()
        copy.move_clock(REST_MS - _DAY_MS)
        early += await _rented(copy, pairs)
        copy.move_clock(2 * _DAY_MS)
        late = await _rented(copy, pairs)
        read = [text for renter in renters for text in await copy.read(renter)]
        found = copy.canaries.found_in("\n".join(read).encode())
        return len({sid for sid, _ in found}), early, late


async def _rented(copy: SeededCopy, pairs: list[tuple[Tenant, Tenant]]) -> int:
    return sum([await copy.rent(renter, tenant.number) for tenant, renter in pairs])


DRILLS = (Drill(name=DRILL, title=TITLE, play=recycled_number, tenants=100),)

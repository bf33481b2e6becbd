"""D09: a stolen session of staff asks approvers again and again, until one says yes to be left in peace.

What counts is each tenant whose approver let somebody in that way.
"""

import asyncio
import collections
import random
import tempfile
import time
from pathlib import Path

from ringfence.drills.design import Design
from ringfence.drills.drill import Drill
from ringfence.drills.grant_room import Room
from ringfence.drills.report import Finding
from ringfence.kms.memory import MemoryLedger

DRILL = "D09"
TITLE = "approvers asked until one says yes to be left in peace"
REQUESTS = 100
EVERY_MS = 6_000
NO, LEFT, YES = 0.25, 0.65, 0.10
"""How often an approver refuses, leaves it, and says yes without asking anybody."""


class _WholeLedger(MemoryLedger):
    """That keeps all entries."""

    def __init__(self) -> None:
        super().__init__()
        self.entries = collections.deque()


def grant_bombing(design: Design, tenants: int, database: str = "") -> Finding:
    """A hundred requests in ten minutes to the approver of each tenant, by one session a tenant."""
    return asyncio.run(_play(design, tenants))


async def _play(design: Design, tenants: int) -> Finding:
    started = time.monotonic()
    chance = random.Random(9)  # noqa: S311 - an approver's mood, not a secret
    reached = came_up = turned_away = yes = 0
    ledger = _WholeLedger()
    with tempfile.TemporaryDirectory(prefix="ringfence-drill-") as folder:
        room = Room(Path(folder), ledger)
        await room.open()
        try:
            await room.seed(tenants, 2)
            approvals = design.approvals(room)
            for tenant in room.tenants:
                browser, let_in = room.session(), False
                for _ in range(REQUESTS):
                    room.clock.advance(EVERY_MS)
                    request = await approvals.ask(browser, tenant)
                    if request is None:
                        turned_away += 1
                        continue
                    came_up += 1
                    mood = chance.random()
                    if mood < YES:
                        yes += 1
                        let_in = await approvals.say_yes(request, browser, tenant) or let_in
                    elif mood < YES + NO:
                        await approvals.say_no(request, tenant)
                reached += let_in
            noted = sum(entry.verb == "note.grant_turned_away" for entry in ledger.entries)
        finally:
            await room.close()
    return Finding(
        drill=DRILL,
        design=design.name,
        tenants=tenants,
        reached=reached,
        seconds=time.monotonic() - started,
        rows=(
            ("requests that came up, an approver", f"{came_up / tenants:.1f} of {REQUESTS}"),
            ("said yes to without asking", str(yes)),
            ("turned away, and in the tenant's ledger", f"{noted} of {turned_away}"),
        ),
    )


DRILLS = (Drill(name=DRILL, title=TITLE, play=grant_bombing, tenants=100),)

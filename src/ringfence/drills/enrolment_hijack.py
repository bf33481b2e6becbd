"""D02: somebody becomes a member of staff who was not meant to: by a link, an open browser, or a clerk's kindness."""

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Final

from ringfence.drills.design import Design
from ringfence.drills.drill import Drill
from ringfence.drills.report import Finding
from ringfence.drills.staff_desk import HIJACKS

DRILL: Final = "D02"
TITLE: Final = "members of staff made by links, open browsers and a helpful clerk"
TOTAL: Final = len(HIJACKS)


def enrolment_hijack(design: Design, tenants: int, database: str = "") -> Finding:
    """Try so many ways, each at a console of its own. Counted are those that end with a page for staff."""
    began = time.perf_counter()
    tried = HIJACKS[:tenants]
    taken = [way for way in tried if asyncio.run(_play(design, way))]
    return Finding(
        drill=DRILL,
        design=design.name,
        tenants=len(tried),
        reached=len(taken),
        seconds=time.perf_counter() - began,
        rows=tuple(("taken", way) for way in taken),
    )


async def _play(design: Design, way: str) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        async with design.staff_desk(Path(folder)) as desk:
            return desk.canary.encode() in (await desk.hijack(way)).content


DRILLS = (
    Drill(
        name=DRILL,
        title=TITLE,
        play=enrolment_hijack,
        tenants=TOTAL,
        each="ways",
    ),
)

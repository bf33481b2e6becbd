"""D03: every route of the operator's console, asked with everything but a passkey. None may let anybody in.

The attacker has what phishing brings in: a member's password, codes, links, cookies and tokens, and knows the router.
"""

import asyncio
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from ringfence.drills.design import Design
from ringfence.drills.door_trying import USUAL_PATHS, Way, lets_in, requests_of, shows
from ringfence.drills.drill import Drill
from ringfence.drills.report import Finding
from ringfence.drills.staff_browser import SessionKey
from ringfence.drills.staff_desk import STOLEN

DRILL: Final = "D03"
TITLE: Final = "staff sign-ins without a passkey, by every route there is"


def ways(stolen: Mapping[str, str]) -> Sequence[Way]:
    """The ways in, with what was stolen: the same in both builds, so that what opens one is tried on the other."""
    who = {"name": stolen["name"]}
    return [
        Way(name="password and code of an app", values=who | {"password": stolen["password"], "code": stolen["code"]}),
        Way(name="password alone, as before the app", values=who | {"password": stolen["password"]}),
        Way(name="code by text", values=who | {"text": stolen["text"]}),
        Way(name="link in a mail", values={"token": stolen["mail"]}),
        Way(name="cookie of a browser that is remembered", headers={"cookie": f"remember={stolen['remember']}"}),
        Way(name="an identity provider's word that nobody asked for", values={"assertion": stolen["assertion"]}),
        Way(name="API token as a bearer", headers={"authorization": f"Bearer {stolen['bearer']}"}),
        Way(name="header of a proxy in front", headers={"x-forwarded-user": stolen["name"]}),
        Way(name="answers to questions", values=who | {"answer": stolen["answer"], "new_password": "x" * 12}),
    ]


TOTAL: Final = len(ways(dict.fromkeys(STOLEN, "")))


def downgrade_hunt(design: Design, tenants: int, database: str = "") -> Finding:
    """Try so many ways, on every route. Counted are ways after which the attacker has seen a page for staff.

    A member who signs in as members do is shown that page, or nothing is proven.
    """
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        opened, asked, comes = asyncio.run(_hunt(design, Path(folder), min(tenants, TOTAL)))
    return Finding(
        drill=DRILL,
        design=design.name,
        tenants=min(tenants, TOTAL),
        reached=opened,
        seconds=time.perf_counter() - began,
        proves=comes,
        rows=(("requests", f"{asked}"), ("the member themselves comes in", "yes" if comes else "no")),
    )


async def _hunt(design: Design, folder: Path, count: int) -> tuple[int, int, bool]:
    opened = asked = 0
    async with design.staff_desk(folder) as desk:
        comes, key = shows(desk, await (await desk.member()).page(desk.inside)), SessionKey()
        paths = sorted({path for _, path in desk.routes} | set(USUAL_PATHS))
        for way in ways(desk.stolen)[:count]:
            seen = False
            for request in requests_of(desk, way, key, paths):
                asked += 1
                seen = seen or await lets_in(desk, request, key)
            opened += seen
    return opened, asked, comes


DRILLS = (
    Drill(
        name=DRILL,
        title=TITLE,
        play=downgrade_hunt,
        tenants=TOTAL,
        each="ways",
    ),
)

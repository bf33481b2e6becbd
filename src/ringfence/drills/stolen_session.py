"""D04: an infostealer has the cookies and every request of a member of staff, and plays them again.

At once, from elsewhere, under a key of the thief's own, at another address, after signing out, after 15 minutes.
"""

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Final

from ringfence.drills.design import Design
from ringfence.drills.drill import Drill
from ringfence.drills.report import Finding
from ringfence.drills.staff_browser import Request, SessionKey, answer_of
from ringfence.drills.staff_desk import INSIDE, Desk, Person

DRILL: Final = "D04"
TITLE: Final = "a member of staff's session, copied with everything that its browser sent"
IDLE_MS: Final = 16 * 60_000
_SIGNED: Final = ("signature", "signature-input", "content-digest")


def stolen_session(design: Design, tenants: int, database: str = "") -> Finding:
    """Replay so many requests. Counted are those that are answered with a page for staff."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        answered = asyncio.run(_replay(design, Path(folder), tenants))
    return Finding(
        drill=DRILL, design=design.name, tenants=tenants, reached=answered, seconds=time.perf_counter() - began
    )


async def _replay(design: Design, folder: Path, count: int) -> int:
    """Half of them while the session is open, a quarter after it was signed out, a quarter after it was idle."""
    half, quarter = count - count // 4 * 2, count // 4
    async with design.staff_desk(folder) as desk:
        person = await desk.member()
        await _work(desk, person, count)
        stolen = [each for each in person.sent if each.target.endswith(INSIDE)]
        answered = await _seen(desk, stolen[:half], 0)
        await person.sign_out()
        answered += await _seen(desk, stolen[half : half + quarter], half)
        other = await desk.member()
        await _work(desk, other, quarter)
        desk.clock.advance(IDLE_MS)
        return answered + await _seen(desk, other.sent[-quarter:] if quarter else [], half + quarter)


async def _work(desk: Desk, person: Person, count: int) -> None:
    for _ in range(count):
        page = await person.page(INSIDE)
        assert desk.canary.encode() in page.content, "a member sees the page"


async def _seen(desk: Desk, stolen: list[Request], first: int) -> int:
    return sum(
        [
            desk.canary.encode() in (await answer_of(desk.app, _changed(desk, each, n))).content
            for n, each in enumerate(stolen, first)
        ]
    )


def _changed(desk: Desk, stolen: Request, n: int) -> Request:
    """A stolen request as a thief sends it: as it was, or in one of three other ways."""
    unsigned = {name: value for name, value in stolen.headers.items() if name not in _SIGNED}
    if n % 4 == 1:
        return Request(stolen.method, stolen.target, unsigned)
    if n % 4 == 2:
        own = SessionKey().headers(stolen.method, stolen.target, b"", desk.clock.now_ms() // 1_000)
        return Request(stolen.method, stolen.target, unsigned | own)
    if n % 4 == 3:
        return Request(stolen.method, f"{stolen.target}?page=2", stolen.headers)
    return stolen


DRILLS = (
    Drill(
        name=DRILL,
        title=TITLE,
        play=stolen_session,
        tenants=200,
        each="replays",
    ),
)

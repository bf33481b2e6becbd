"""Run drills on the builds that are installed."""

from collections.abc import Callable, Iterator, Sequence

import msgspec

from ringfence.drills import disk_theft, leakage_sweep
from ringfence.drills.design import OURS, Design, control
from ringfence.drills.report import Finding, Verdict


class Drill(msgspec.Struct, frozen=True, kw_only=True):
    """A drill by name; `play` runs it on one build with so many tenants, on a database or on SQLite."""

    name: str
    title: str
    play: Callable[[Design, int, str], Finding]
    tenants: int


DRILLS = {
    drill.name: drill
    for drill in (
        Drill(name=disk_theft.DRILL, title=disk_theft.TITLE, play=disk_theft.disk_theft, tenants=1_000),
        Drill(name=leakage_sweep.DRILL, title=leakage_sweep.TITLE, play=leakage_sweep.leakage_sweep, tenants=100),
    )
}


def run(
    names: Sequence[str],
    *,
    tenants: int | None = None,
    ours_only: bool = False,
    database: str = "",
    begins: Callable[[str], None] = lambda _: None,
) -> Iterator[Verdict]:
    """The verdict of each named drill as it comes; KeyError for a name that is none.

    `database` is the URL of a PostgreSQL server on which each makes a database of its own; SQLite without.

    `begins` is told of each attack before it is played: which drill, on what, how large.
    """
    other = None if ours_only else control()
    for drill in [DRILLS[name] for name in names]:
        count = tenants or drill.tenants
        played = {}
        for build, design in {"the control build": other, "ours": OURS}.items():
            if design is not None:
                begins(f"{drill.name} on {build}, {count} tenants: {drill.title}")
                played[build] = drill.play(design, count, database)
        yield Verdict(drill=drill.name, title=drill.title, control=played.get("the control build"), ours=played["ours"])

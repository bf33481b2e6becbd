"""Run drills on the builds that are installed."""

from collections.abc import Callable, Iterator, Sequence

import msgspec

from ringfence.drills import disk_theft, leakage_sweep
from ringfence.drills.design import OURS, Design, control
from ringfence.drills.report import Finding, Verdict


class Drill(msgspec.Struct, frozen=True, kw_only=True):
    """A drill by name; `play` runs it on one build with so many tenants."""

    name: str
    title: str
    play: Callable[[Design, int], Finding]
    tenants: int


DRILLS = {
    drill.name: drill
    for drill in (
        Drill(name=disk_theft.DRILL, title=disk_theft.TITLE, play=disk_theft.disk_theft, tenants=1_000),
        Drill(name=leakage_sweep.DRILL, title=leakage_sweep.TITLE, play=leakage_sweep.leakage_sweep, tenants=100),
    )
}


def run(names: Sequence[str], *, tenants: int | None = None, ours_only: bool = False) -> Iterator[Verdict]:
    """The verdict of each named drill as it comes; KeyError for a name that is none."""
    other = None if ours_only else control()
    for drill in [DRILLS[name] for name in names]:
        count = tenants or drill.tenants
        yield Verdict(
            drill=drill.name,
            title=drill.title,
            control=drill.play(other, count) if other is not None else None,
            ours=drill.play(OURS, count),
        )

"""Run drills on the builds that are installed."""

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Sequence

import ringfence.drills
from ringfence.drills.design import OURS, control
from ringfence.drills.drill import Drill
from ringfence.drills.report import Verdict


def _found() -> dict[str, Drill]:
    """Those that the modules of this package have in their `DRILLS`, by number: nobody lists them a second time."""
    modules = [
        each for each in pkgutil.iter_modules(ringfence.drills.__path__) if not each.ispkg and each.name != "run"
    ]
    drills = [
        drill
        for each in modules
        for drill in getattr(importlib.import_module(f"{ringfence.drills.__name__}.{each.name}"), "DRILLS", ())
    ]
    return {drill.name: drill for drill in sorted(drills, key=lambda drill: drill.name)}


DRILLS = _found()


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

    `begins` is told of each attack before it is played: which drill, on what, how large; and of a drill that is left
    out because something it needs is not here.
    """
    other = None if ours_only else control()
    for drill in [DRILLS[name] for name in names]:
        if lacking := drill.missing():
            begins(f"{drill.name} is left out: {lacking}")
            continue
        count = tenants or drill.tenants
        played = {}
        for build, design in {"the control build": other, "ours": OURS}.items():
            if design is not None:
                begins(f"{drill.name} on {build}, {count} {drill.each}: {drill.title}")
                played[build] = drill.play(design, count, database)
        yield Verdict(drill=drill.name, title=drill.title, control=played.get("the control build"), ours=played["ours"])

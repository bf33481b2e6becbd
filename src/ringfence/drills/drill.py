"""What a drill is. Each is in the `DRILLS` of its own module, where `run` finds it."""

from collections.abc import Callable

import msgspec

from ringfence.drills.design import Design
from ringfence.drills.report import Finding


class Drill(msgspec.Struct, frozen=True, kw_only=True):
    """A drill by name; `play` runs it on one build with so many tenants, on a database or on SQLite.

    `missing` says what it needs that is not here, "" where it can be played. `each` is what is counted, where that is
    not tenants.
    """

    name: str
    title: str
    play: Callable[[Design, int, str], Finding]
    tenants: int
    missing: Callable[[], str] = lambda: ""
    each: str = "tenants"

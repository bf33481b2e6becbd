"""Run drills on the builds that are installed."""

from collections.abc import Callable, Iterator, Sequence

import msgspec

from ringfence.drills import (
    blast_exam,
    code_guessing,
    code_reuse,
    disk_theft,
    downgrade_hunt,
    enrolment_hijack,
    enumeration,
    factor_adding,
    grant_bombing,
    grant_forgery,
    hostile_console,
    inward_webhooks,
    leakage_sweep,
    leaked_key,
    log_tampering,
    pumping,
    recycled_number,
    registration_lock,
    relayed_sign_in,
    rtp_bleed,
    scanners,
    staff_session,
    stolen_session,
    unlogged_reading,
)
from ringfence.drills.design import OURS, Design, control
from ringfence.drills.report import Finding, Verdict


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


DRILLS = {
    drill.name: drill
    for drill in (
        Drill(
            name=relayed_sign_in.DRILL,
            title=relayed_sign_in.TITLE,
            play=relayed_sign_in.relayed_sign_in,
            tenants=len(relayed_sign_in.RELAYS),
            missing=relayed_sign_in.missing,
            each="relays",
        ),
        Drill(
            name=enrolment_hijack.DRILL,
            title=enrolment_hijack.TITLE,
            play=enrolment_hijack.enrolment_hijack,
            tenants=enrolment_hijack.TOTAL,
            each="ways",
        ),
        Drill(
            name=downgrade_hunt.DRILL,
            title=downgrade_hunt.TITLE,
            play=downgrade_hunt.downgrade_hunt,
            tenants=downgrade_hunt.TOTAL,
            each="ways",
        ),
        Drill(
            name=stolen_session.DRILL,
            title=stolen_session.TITLE,
            play=stolen_session.stolen_session,
            tenants=200,
            each="replays",
        ),
        Drill(name=staff_session.CRAWL, title=staff_session.CRAWL_TITLE, play=staff_session.crawl, tenants=1_000),
        Drill(
            name=staff_session.SEARCH,
            title=staff_session.SEARCH_TITLE,
            play=staff_session.number_search,
            tenants=staff_session.NUMBERS,
            each="numbers",
        ),
        Drill(name=staff_session.ACTING, title=staff_session.ACTING_TITLE, play=staff_session.acting, tenants=100),
        Drill(
            name=grant_forgery.DRILL,
            title=grant_forgery.TITLE,
            play=grant_forgery.grant_forgery,
            tenants=10_000,
            each="tries",
        ),
        Drill(name=grant_bombing.DRILL, title=grant_bombing.TITLE, play=grant_bombing.grant_bombing, tenants=100),
        Drill(
            name=hostile_console.DRILL,
            title=hostile_console.TITLE,
            play=hostile_console.hostile_console,
            tenants=20,
            missing=hostile_console.missing,
        ),
        Drill(name=disk_theft.DRILL, title=disk_theft.TITLE, play=disk_theft.disk_theft, tenants=1_000),
        Drill(name=leakage_sweep.DRILL, title=leakage_sweep.TITLE, play=leakage_sweep.leakage_sweep, tenants=100),
        Drill(
            name=log_tampering.DRILL,
            title=log_tampering.TITLE,
            play=log_tampering.log_tampering,
            tenants=1_000,
            each="tries",
        ),
        Drill(
            name=unlogged_reading.DRILL,
            title=unlogged_reading.TITLE,
            play=unlogged_reading.unlogged_reading,
            tenants=1_000,
        ),
        Drill(name=blast_exam.DRILL, title=blast_exam.TITLE, play=blast_exam.blast_exam, tenants=200),
        Drill(name=pumping.DRILL, title=pumping.TITLE, play=pumping.pumping, tenants=pumping.RANGES, each="ranges"),
        Drill(name=code_guessing.DRILL, title=code_guessing.TITLE, play=code_guessing.code_guessing, tenants=20),
        Drill(name=code_reuse.DRILL, title=code_reuse.TITLE, play=code_reuse.code_reuse, tenants=100),
        Drill(
            name=enumeration.DRILL,
            title=enumeration.TITLE,
            play=enumeration.enumeration,
            tenants=1_000,
            each="numbers",
        ),
        Drill(name=factor_adding.DRILL, title=factor_adding.TITLE, play=factor_adding.factor_adding, tenants=50),
        Drill(
            name=inward_webhooks.DRILL,
            title=inward_webhooks.TITLE,
            play=inward_webhooks.inward_webhooks,
            tenants=len(inward_webhooks.VECTORS),
            each="URLs",
        ),
        Drill(name=leaked_key.DRILL, title=leaked_key.TITLE, play=leaked_key.leaked_key, tenants=100),
        Drill(
            name=scanners.DRILL,
            title=scanners.TITLE,
            play=scanners.scanners,
            tenants=len(scanners.ATTACKS),
            missing=scanners.missing,
        ),
        Drill(
            name=rtp_bleed.DRILL,
            title=rtp_bleed.TITLE,
            play=rtp_bleed.rtp_bleed,
            tenants=50,
            missing=rtp_bleed.missing,
        ),
        Drill(
            name=recycled_number.DRILL, title=recycled_number.TITLE, play=recycled_number.recycled_number, tenants=100
        ),
        Drill(
            name=registration_lock.DRILL,
            title=registration_lock.TITLE,
            play=registration_lock.registration_lock,
            tenants=10,
            missing=registration_lock.missing,
            each="numbers",
        ),
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

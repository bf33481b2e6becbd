"""D13: who owns the machine and every key on it changes the record of what was opened. Who looks on must notice."""

import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec

from ringfence.drills.design import Design
from ringfence.drills.drill import Drill
from ringfence.drills.record import Change
from ringfence.drills.report import Finding
from ringfence.ports.ledger import AccessEntry

DRILL = "D13"
TITLE = "the record of openings rewritten, with every key"
BEFORE, AFTER = 400, 40
_HOUR_MS = 3_600_000

Tampering = Callable[[list[AccessEntry], random.Random], list[AccessEntry]]


def log_tampering(design: Design, tenants: int, database: str = "") -> Finding:
    """`tenants` is how many times it is tried, each on a record of its own, at another place, in turn by each way."""
    started = time.monotonic()
    unnoticed: Counter[str] = Counter()
    chance = random.Random(13)  # noqa: S311 - where he strikes, not a secret
    with tempfile.TemporaryDirectory(prefix="ringfence-drill-") as folder:
        first = Path(folder) / "first"
        first.mkdir()
        record = design.record(first)
        record.write([_entry(n) for n in range(BEFORE)])
        if said := record.look():
            raise AssertionError(f"an honest record was refused: {said}")
        record.write([_entry(n) for n in range(BEFORE, BEFORE + AFTER)])
        for n in range(tenants):
            way, tamper = list(WAYS.items())[n % len(WAYS)]
            tried = record.copy(Path(folder) / str(n))
            tried.rewrite(_at(tamper, chance))
            if not tried.look():
                unnoticed[way] += 1
        honest = record.copy(Path(folder) / "honest")
        if said := honest.look():
            raise AssertionError(f"a record that only grew was refused: {said}")
    return Finding(
        drill=DRILL,
        design=design.name,
        tenants=tenants,
        reached=unnoticed.total(),
        seconds=time.monotonic() - started,
        rows=tuple((f"unnoticed, {way}", str(count)) for way, count in sorted(unnoticed.items())),
    )


def _at(tamper: Tampering, chance: random.Random) -> Change:
    return lambda entries: tamper(entries, chance)


def _entry(n: int) -> AccessEntry:
    return AccessEntry(
        at_ms=1_700_000_000_000 + n * 1_000, account=f"AC{n % 7}", actor="SK1", verb="open_epochs", scope=(str(n),)
    )


def _place(chance: random.Random) -> int:
    """Somewhere that somebody outside has seen already."""
    return chance.randrange(1, BEFORE - 1)


def _edit(entries: list[AccessEntry], chance: random.Random) -> list[AccessEntry]:
    n = _place(chance)
    return [*entries[:n], msgspec.structs.replace(entries[n], actor="somebody"), *entries[n + 1 :]]


def _delete(entries: list[AccessEntry], chance: random.Random) -> list[AccessEntry]:
    n = _place(chance)
    return [*entries[:n], *entries[n + 1 :]]


def _insert(entries: list[AccessEntry], chance: random.Random) -> list[AccessEntry]:
    n = _place(chance)
    return [*entries[:n], _entry(n + 9_000), *entries[n:]]


def _reorder(entries: list[AccessEntry], chance: random.Random) -> list[AccessEntry]:
    n = _place(chance)
    return [*entries[:n], entries[n + 1], entries[n], *entries[n + 2 :]]


def _back_date(entries: list[AccessEntry], chance: random.Random) -> list[AccessEntry]:
    n = _place(chance)
    earlier = msgspec.structs.replace(entries[n], at_ms=entries[n].at_ms - _HOUR_MS)
    return [*entries[:n], earlier, *entries[n + 1 :]]


def _truncate(entries: list[AccessEntry], chance: random.Random) -> list[AccessEntry]:
    return entries[: _place(chance)]


def _fork(entries: list[AccessEntry], chance: random.Random) -> list[AccessEntry]:
    """Another history from some entry on, as long as the true one."""
    n = _place(chance)
    return [*entries[:n], *(_entry(one + 9_000) for one in range(n, len(entries)))]


WAYS: dict[str, Tampering] = {
    "edited": _edit,
    "deleted": _delete,
    "inserted": _insert,
    "reordered": _reorder,
    "back-dated": _back_date,
    "truncated": _truncate,
    "forked": _fork,
}


DRILLS = (
    Drill(
        name=DRILL,
        title=TITLE,
        play=log_tampering,
        tenants=1_000,
        each="tries",
    ),
)

"""D10: disk, backup and all server keys at rest. Ours must open nothing of the past; the control everything."""

import asyncio
import contextlib
import shutil
import tempfile
import time
from collections.abc import Collection
from pathlib import Path

from ringfence.domain.retention.declaration import Declaration
from ringfence.domain.retention.officer import OfficerKey
from ringfence.domain.sealing.hpke import Recipient, x25519_half
from ringfence.drills.canary import Canaries
from ringfence.drills.database import database_of
from ringfence.drills.design import Design
from ringfence.drills.drill import Drill
from ringfence.drills.duty_thief import DutyThief, declared
from ringfence.drills.report import Finding
from ringfence.drills.seeded_copy import SeededCopy, seeded_copy
from ringfence.drills.thief import Thief

DRILL = "D10"
TITLE = "disk, backup and all server keys at rest"
QUIET_HOURS = 26
IN_FLIGHT_SHARE = 10


def disk_theft(design: Design, tenants: int, database: str = "") -> Finding:
    """Seed, let a day pass, leave every tenth tenant a text in flight, steal, open, scan.

    `database` is the URL of a PostgreSQL server to keep the store on; SQLite without.
    """
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ringfence-drill-") as folder:
        live, backup, stolen = Path(folder, "live"), Path(folder, "backup"), Path(folder, "stolen")
        live.mkdir(mode=0o700)
        declaration, officers = declared()
        canaries, guesses, logarithms, taken = asyncio.run(
            _live_through(live, backup, stolen, design, tenants, database, declaration)
        )
        thief = Thief(stolen, [backup])
        loot = thief.open_everything()
        on_disk = _tenants(canaries, list(thief.disk()))
        history = _tenants(canaries, loot.history)
        in_flight = _tenants(canaries, loot.in_flight)
        standing = _tenants(canaries, loot.standing)
        one_day = _tenants(canaries, thief.open_by_discrete_logarithms(logarithms.get).history)
        confirmed = thief.confirm_numbers(guesses)
        retained = _retained(stolen, thief, officers) if design.declares_duties else ()
        thief.close()
    return Finding(
        drill=DRILL,
        design=design.name,
        tenants=tenants,
        reached=len(on_disk | history | {account for reached, _ in retained[:2] for account in reached}),
        seconds=time.monotonic() - started,
        rows=(
            *((("stolen besides", taken),) if taken else ()),
            ("canaries lying on disk", f"{len(on_disk)} tenants"),
            ("past content opened", f"{len(history)} tenants, with {loot.keys_tried} stolen key files"),
            ("past content opened, did X25519 fall", f"{len(one_day)} tenants"),
            ("in flight at the time, opened", f"{len(in_flight - history)} tenants"),
            ("standing configuration opened", f"{len(standing)} tenants"),
            ("opt-outs confirmed by guessing the number", f"{confirmed}"),
            *((what, f"{len(reached)} tenants") for reached, what in retained),
        ),
    )


async def _live_through(
    live: Path,
    backup: Path,
    stolen: Path,
    design: Design,
    tenants: int,
    database: str,
    declaration: Declaration,
) -> tuple[Canaries, dict[str, list[tuple[str, str]]], dict[bytes, bytes], str]:
    async with contextlib.AsyncExitStack() as stack:
        place = await stack.enter_async_context(database_of(database))
        copy = await stack.enter_async_context(seeded_copy(live, design, place.url if place else ""))
        await copy.add_tenants(tenants)
        await copy.declare(declaration)
        await copy.run_traffic()
        _copy_databases(live, backup)
        if place:
            await place.dump(backup / "ringfence.db")
        await copy.let_pass(QUIET_HOURS)
        for tenant in copy.tenants[::IN_FLIGHT_SHARE]:
            await copy.send(tenant, "body in flight")
        await copy.stop_a_subscriber(copy.tenants[0])
        # While it runs: what a checkpoint would tidy away is still in the write-ahead logs.
        shutil.copytree(live, stolen)
        if place:
            await place.steal(stolen)
        return copy.canaries, _guesses(copy), _logarithms(copy), place.taken if place else ""


def _retained(
    stolen: Path, robber: Thief, officers: tuple[OfficerKey, OfficerKey]
) -> tuple[tuple[Collection[str], str], ...]:
    """Whose numbers open of what a duty kept, without officers, with one, and with both."""
    thief, (one, other) = DutyThief(stolen, robber.keys, robber.hours), officers
    return (
        (thief.open_with(), "retained by a declared duty, opened"),
        (thief.open_with(one), "the same with one officer's key"),
        (thief.open_with(one, other), "the same with two, conceded"),
    )


def _copy_databases(live: Path, backup: Path) -> None:
    """A backup as docs/howto tell it: the databases, without the key files."""
    for path in live.rglob("*.db*"):
        target = backup / path.relative_to(live)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)


def _guesses(copy: SeededCopy) -> dict[str, list[tuple[str, str]]]:
    return {tenant.sid: [(tenant.number, tenant.customer)] for tenant in copy.tenants}


def _logarithms(copy: SeededCopy) -> dict[bytes, bytes]:
    """The private halves, by the public ones, of all X25519 keys that the tenants' secrets make, of either kind."""
    made = [Recipient(tenant.caller.seed, hybrid=hybrid) for tenant in copy.tenants for hybrid in (False, True)]
    return {x25519_half(each.public): each.x25519.private_bytes_raw() for each in made}


def _tenants(canaries: Canaries, pieces: list[bytes]) -> set[str]:
    return {tenant for piece in pieces for tenant, _ in canaries.found_in(piece)}


DRILLS = (Drill(name=DRILL, title=TITLE, play=disk_theft, tenants=1_000),)

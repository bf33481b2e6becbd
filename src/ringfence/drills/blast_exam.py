"""D15: a session of staff read at random by random grants; then somebody asks what it reached.

The drill keeps its own list of what was read, and holds the report from the ledger against it: tenants, objects, first
and last times. What counts is each tenant of whom the report says anything else, or nothing, and each that it adds.
"""

import asyncio
import random
import tempfile
import time
from pathlib import Path
from typing import cast

from ringfence.domain.access.scope import Scope, epoch_name
from ringfence.domain.ledger.blast import Reach, reach_of
from ringfence.domain.ledger.checkpoint import parse_checkpoint
from ringfence.domain.ledger.merkle import leaf_hash
from ringfence.domain.ledger.note import open_note
from ringfence.domain.ledger.proof import ProofError, check_inclusion
from ringfence.drills.design import Design
from ringfence.drills.drill import Drill
from ringfence.drills.grant_room import Room, StaffBrowser, Tenant
from ringfence.drills.report import Finding
from ringfence.kms.ledger.keys import commitment
from ringfence.kms.ledger.reading import LedgerReader
from ringfence.kms.ledger.records import FolderRecords
from ringfence.kms.ledger.writer import LedgerWriter
from ringfence.kms.service import KeyService
from ringfence.ports.keys import Caller
from ringfence.usecases.access.use_grant import use_grant

DRILL = "D15"
TITLE = "a stolen session read by grants: does the report say what it reached?"
TEXTS = 6
GRANTS_OF_OTHERS = 5


class _Truth:
    """What the stolen session really took, as the drill saw it."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[int, dict[str, None], int, int]] = {}

    def add(self, account: str, name: str, at_ms: int) -> None:
        openings, objects, first_ms, _ = self._found.get(account, (0, {}, at_ms, at_ms))
        self._found[account] = (openings + 1, {**objects, f"grant_open:{name}": None}, first_ms, at_ms)

    def reached(self) -> dict[str, Reach]:
        return {
            account: Reach(
                account=account, openings=openings, objects=tuple(objects), first_ms=first_ms, last_ms=last_ms
            )
            for account, (openings, objects, first_ms, last_ms) in self._found.items()
        }


def blast_exam(design: Design, tenants: int, database: str = "") -> Finding:
    """`tenants` are read of by the stolen session; a quarter more by others, who must not be in its report."""
    return asyncio.run(_play(design, tenants))


async def _play(design: Design, tenants: int) -> Finding:
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ringfence-drill-") as folder:
        directory = Path(folder)
        ledger = LedgerWriter(directory)
        room = Room(directory, ledger)
        await ledger.open(room.clock.now_ms())
        if design.staff_read_by_role:
            room.keys = cast(KeyService, await design.open_keys(directory / "platform", room.clock))
        await room.open()
        try:
            await room.seed(tenants + max(1, tenants // 4), TEXTS)
            read = _by_role if design.staff_read_by_role else by_grants
            stolen, truth = await read(room, tenants)
        finally:
            await room.close()
            await ledger.close()
        reading = time.monotonic()
        reader = LedgerReader(directory)
        lines = list(reader.lines_of("session", stolen))
        told = {
            reach.account: reach
            for reach in reach_of(
                (one.entry.at_ms, one.entry.account, one.entry.verb, one.entry.scope) for one in lines
            )
        }
        report_s = time.monotonic() - reading
        proven = await _proven(directory, reader, [account for account in told if account in truth])
    wrong = {account for account in truth.keys() | told.keys() if truth.get(account) != told.get(account)}
    right = len(told.keys() & truth.keys())
    return Finding(
        drill=DRILL,
        design=design.name,
        tenants=tenants,
        reached=len(wrong),
        seconds=time.monotonic() - started,
        rows=(
            ("precision and recall over tenants", f"{_share(right, len(told))}, {_share(right, len(truth))}"),
            ("tenants that can prove their own entries", f"{proven} of {len(truth)}"),
            ("seconds for the report", f"{report_s:.3f}"),
        ),
    )


async def by_grants(room: Room, tenants: int) -> tuple[str, dict[str, Reach]]:
    """The stolen session reads of so many tenants, others read too; its SID, and what it took, by account."""
    chance = random.Random(15)  # noqa: S311 - what is read, not a secret
    stolen, truth = room.session(), _Truth()
    order = list(room.tenants[:tenants]) * 2
    chance.shuffle(order)
    for tenant in order:
        await _read_some(room, chance, stolen, tenant, truth)
    for _ in range(GRANTS_OF_OTHERS):
        await _read_some(room, chance, room.session(), chance.choice(room.tenants), None)
    for tenant in room.tenants[tenants:]:
        await _read_some(room, chance, room.session(), tenant, None)
        await room.granted(stolen, tenant, Scope(records=(tenant.texts[0].sid,)))  # never taken
    return stolen.session, truth.reached()


async def _read_some(
    room: Room, chance: random.Random, browser: StaffBrowser, tenant: Tenant, truth: _Truth | None
) -> None:
    """One grant of some texts, or of an hour, and part of it read, one by one as time goes by."""
    if chance.random() < 0.2:
        scope = Scope(epochs=(chance.choice(tenant.texts).epoch,))
    else:
        scope = Scope(records=tuple(text.sid for text in chance.sample(tenant.texts, chance.randrange(1, TEXTS))))
    grant = await room.granted(browser, tenant, scope)
    for name in chance.sample(scope.names, chance.randrange(1, len(scope.names) + 1)):
        room.clock.advance(chance.randrange(1, 5_000))
        await use_grant(room.book, room.keys, room.clock, grant.sid, session=browser.session, names=[name])
        if truth is not None:
            truth.add(tenant.account, name, room.clock.now_ms())


async def _by_role(room: Room, tenants: int) -> tuple[str, dict[str, Reach]]:
    """The control: support reads, by its role, and the record has nothing of it."""
    stolen, truth = room.session(), _Truth()
    for tenant in room.tenants[:tenants]:
        epoch = tenant.texts[0].epoch
        nobody = Caller(account=tenant.account, credential=stolen.session, seed=bytes(32))
        await room.keys.open_epochs(nobody, tenant.account, [epoch])
        truth.add(tenant.account, epoch_name(epoch), room.clock.now_ms())
    return stolen.session, truth.reached()


async def _proven(directory: Path, reader: LedgerReader, accounts: list[str]) -> int:
    """Tenants whose every entry is shown, with what they are given alone, to be under the checkpoint."""

    async def allow(caller: Caller, account: str) -> None:
        return

    records = FolderRecords(directory, allow)
    proven = 0
    for account in accounts:
        found = await records.entries_of(Caller(account=account, credential="", seed=b""), account, -1, 1_000)
        signed = parse_checkpoint(open_note(found.checkpoint, [reader.verifier])[0])
        try:
            for one in found.entries:
                leaf = leaf_hash(commitment(one.salt, one.body))
                check_inclusion(one.n, signed.size, leaf, list(one.proof), signed.root)
        except ProofError:
            continue
        proven += bool(found.entries)
    return proven


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else "0.000"


DRILLS = (Drill(name=DRILL, title=TITLE, play=blast_exam, tenants=200),)

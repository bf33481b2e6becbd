"""A gap of the ledger is an incident, once, until somebody of staff knows of it."""

from pathlib import Path
from typing import Any

from ringfence.dispatch.ledger_gaps import GapWatch
from ringfence.domain.clock import ManualClock
from ringfence.kms.ledger.records import FolderRecords
from ringfence.kms.ledger.writer import LedgerWriter
from ringfence.ports.ledger import AccessEntry, LedgerGap
from ringfence.store.memory import MemoryStore
from ringfence.usecases.operations.watch import Watch


async def nobody(*_: Any) -> None:
    """Nobody asks for an account's own."""


async def none_runs() -> list[Any]:
    return []


def test_what_had_no_room_in_the_ledger_is_told_to_staff_once(run: Any, tmp_path: Path, clock: ManualClock) -> None:
    async def story() -> None:
        ledger, store = LedgerWriter(tmp_path, later_max=1), MemoryStore()
        await ledger.open(at_ms=0)
        records = FolderRecords(tmp_path, nobody)
        watch = GapWatch(records, store)
        await watch.look()
        assert await store.incidents() == []
        for n in range(4):
            ledger.append_later(AccessEntry(at_ms=5 + n, account="AC", actor="dispatcher", verb="open_records"))
        await ledger.close()
        (gap,) = await records.gaps()
        assert (gap.count, gap.first_ms, gap.last_ms) == (3, 6, 8)
        for _ in range(2):
            await watch.look()
            (incident,) = await store.incidents(going_on=True)
            assert (incident.kind, incident.began_ms) == ("ledger_gap", 6)
            assert f"3 openings are not written down one by one: entry {gap.n}" == incident.what
        await store.acknowledge_incident(incident.sid, "ST1", 9)
        await Watch(store, store, none_runs, clock).look()
        await watch.look()
        assert await store.incidents(going_on=True) == []
        assert len(await store.incidents()) == 1

    run(story())


def test_each_gap_is_one_of_its_own(run: Any) -> None:
    class Two:
        async def gaps(self) -> list[LedgerGap]:
            return [LedgerGap(n=n, count=1, first_ms=1, last_ms=2) for n in (3, 4)]

    async def story() -> None:
        store = MemoryStore()
        await GapWatch(Two(), store).look()
        assert len(await store.incidents(going_on=True)) == 2

    run(story())

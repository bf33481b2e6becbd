"""What staff did of late is read from the ledger a page at a time, as its last checkpoint has it."""

from pathlib import Path
from typing import Any

import pytest

from ringfence.console.operator.acts import PAGE, acts_of_staff, ledger_size
from ringfence.kms.ledger.records import FolderRecords
from ringfence.kms.ledger.writer import LedgerWriter
from ringfence.ports.ledger import AccessEntry

ACCOUNT = "AC" + "a" * 32


def entry(account: str, n: int) -> AccessEntry:
    return AccessEntry(at_ms=n, account=account, actor="staff:ST1", verb="sign_in", scope=(f"session:{n}",))


async def allow(*_: Any) -> None:
    return


async def written(folder: Path, entries: list[AccessEntry]) -> FolderRecords:
    """A ledger that was closed, and so signed to its end."""
    ledger = LedgerWriter(folder)
    await ledger.open(1)
    await ledger.append(entries)
    await ledger.close()
    return FolderRecords(folder, allow)


@pytest.mark.parametrize("others", [0, 2_500])
def test_they_are_found_among_all_others_the_latest_first_and_lead_to_the_page_after(
    run: Any, tmp_path: Path, others: int
) -> None:
    async def scene() -> None:
        early, late = ([entry("operator", n) for n in numbers] for numbers in (range(30), range(30, 60)))
        among = [entry(ACCOUNT, n) for n in range(others)]
        records = await written(tmp_path, [*early, *among, *late])
        found = await acts_of_staff(records)
        # The ledger's own entry, that it was begun, is its first.
        assert found.size == await ledger_size(records) == 61 + others
        places = [*range(1, 31), *range(31 + others, 61 + others)]
        whole = list(zip(places, [*early, *late], strict=True))[::-1]
        assert list(found.entries) == whole[:PAGE]
        assert found.before == whole[PAGE - 1][0]
        rest = await acts_of_staff(records, found.before)
        assert (list(rest.entries), rest.before, rest.size) == (whole[PAGE:], None, found.size)

    run(scene())


def test_a_page_that_is_just_full_leads_nowhere(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        records = await written(tmp_path, [entry("operator", n) for n in range(PAGE)])
        found = await acts_of_staff(records)
        assert (len(found.entries), found.before) == (PAGE, None)

    run(scene())


def test_a_ledger_that_was_never_signed_has_nothing(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ringfence.kms.ledger.writer.CHECKPOINT_EVERY_S", 1e9)

    async def scene() -> None:
        ledger = LedgerWriter(tmp_path)
        await ledger.open(1)
        records = FolderRecords(tmp_path, allow)
        found = await acts_of_staff(records)
        assert (found.size, list(found.entries), found.before) == (0, [], None)
        assert await ledger_size(records) == 0
        await ledger.close()

    run(scene())

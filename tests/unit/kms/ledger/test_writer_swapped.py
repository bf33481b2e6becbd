"""A ledger whose file is exchanged under its writer."""

import errno
from pathlib import Path
from typing import Any

import pytest

from ringfence.kms.ledger.reading import read_ledger
from ringfence.kms.ledger.writer import LedgerWriter
from ringfence.ports.ledger import AccessEntry


def entry(number: int) -> AccessEntry:
    return AccessEntry(at_ms=number, account="AC1", actor="SK1", verb="open_epochs")


def test_another_file_in_the_ledgers_place_fails_closed_until_it_is_back(run: Any, tmp_path: Path) -> None:
    """Else a copy could be put there, and what is opened from then on would be told to a file without a name."""
    path = tmp_path / "ledger" / "entries"
    aside = path.with_name("aside")

    async def scene() -> None:
        log = LedgerWriter(tmp_path)
        await log.open(at_ms=99)
        try:
            await log.append([entry(1)])
            path.rename(aside)
            with pytest.raises(OSError, match="cannot be written"):
                await log.append([entry(2)])
            path.write_bytes(aside.read_bytes())
            with pytest.raises(OSError, match="cannot be written") as failed:
                await log.append([entry(3)])
            assert failed.value.errno == errno.ESTALE
            aside.replace(path)
            await log.append([entry(4)])

        finally:
            await log.close()

    run(scene())
    assert read_ledger(tmp_path)[1:] == [entry(1), entry(4)]

"""When the writer writes and signs: what is waited for at once, what nobody waits for soon, the tree once a while."""

import asyncio
import itertools
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ringfence.kms.ledger import writer as module
from ringfence.kms.ledger.reading import LedgerReader, read_ledger
from ringfence.kms.ledger.writer import LedgerWriter
from ringfence.ports.ledger import AccessEntry


def entry(number: int, scope: tuple[str, ...] = ("1",)) -> AccessEntry:
    return AccessEntry(at_ms=number, account="AC1", actor="SK1", verb="open_epochs", scope=scope)


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[LedgerWriter]:
    log = LedgerWriter(path)
    await log.open(at_ms=99)
    try:
        yield log
    finally:
        await log.close()


def signed(directory: Path) -> int:
    checkpoint = LedgerReader(directory).checkpoint()
    return 0 if checkpoint is None else checkpoint.size


async def eventually(holds: Callable[[], bool]) -> None:
    while not holds():
        await asyncio.sleep(0.01)


@pytest.fixture
def syncs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How long the file of entries was at each sync."""
    seen: list[int] = []
    real = os.fdatasync

    def noted(descriptor: int) -> None:
        seen.append(os.fstat(descriptor).st_size)
        real(descriptor)

    monkeypatch.setattr(module, "_fsync", noted)
    return seen


def test_a_later_entry_is_written_soon_though_nothing_else_happens(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHECKPOINT_EVERY_S", 0.05)

    async def scene() -> None:
        async with opened(tmp_path) as log:
            await eventually(lambda: signed(tmp_path) == 1)  # from here on the writer has nothing to wait for
            for number in (1, 2):
                log.append_later(entry(number))
                await eventually(lambda number=number: signed(tmp_path) == number + 1)  # type: ignore[misc]
            assert read_ledger(tmp_path)[1:] == [entry(1), entry(2)]

    run(scene())


def test_later_entries_gather_for_a_moment(
    run: Any, tmp_path: Path, syncs: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LATER_LINGER_S", 0.5)

    async def scene() -> None:
        async with opened(tmp_path) as log:
            await log.append([entry(0)])
            syncs.clear()
            for number in (1, 2, 3):
                log.append_later(entry(number))
                await asyncio.sleep(0.01)
            await eventually(lambda: len(read_ledger(tmp_path)) == 5)
            assert len(syncs) == 1

    run(scene())


def test_who_waits_and_who_closes_does_not_wait_for_later_entries_to_gather(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LATER_LINGER_S", 20)

    async def scene() -> None:
        begun_s = time.monotonic()
        async with opened(tmp_path) as log:
            log.append_later(entry(1))
            await asyncio.sleep(0.05)
            await log.append([entry(2)])
            log.append_later(entry(3))
            await asyncio.sleep(0.05)
        assert time.monotonic() - begun_s < 15
        assert sorted(one.at_ms for one in read_ledger(tmp_path)) == [1, 2, 3, 99]

    run(scene())


def test_the_tree_is_signed_once_a_while_and_when_the_ledger_is_closed(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHECKPOINT_EVERY_S", 60)

    async def scene() -> None:
        async with opened(tmp_path) as log:
            await eventually(lambda: signed(tmp_path) == 1)
            for number in (1, 2, 3):
                await log.append([entry(number)])
            assert signed(tmp_path) == 1
        assert signed(tmp_path) == 4

    run(scene())


def test_the_tree_is_signed_though_later_entries_might_gather(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LATER_LINGER_S", 20)

    async def scene() -> None:
        async with opened(tmp_path):
            await asyncio.wait_for(eventually(lambda: signed(tmp_path) == 1), 15)

    run(scene())


def test_where_nothing_was_added_nothing_is_signed_anew(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHECKPOINT_EVERY_S", 0.05)
    checkpoint = tmp_path / "ledger" / "checkpoint"

    def made() -> tuple[int, int]:
        return checkpoint.stat().st_ino, checkpoint.stat().st_mtime_ns

    async def scene() -> None:
        async with opened(tmp_path) as log:
            await log.append([entry(1)])
            await eventually(lambda: signed(tmp_path) == 2)
            before = made()
        assert made() == before
        async with opened(tmp_path):
            pass
        assert made() == before

    run(scene())


def test_what_the_disk_takes_in_parts_is_written_whole(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.pwrite

    async def scene() -> None:
        async with opened(tmp_path) as log:
            monkeypatch.setattr(os, "pwrite", lambda descriptor, data, at: real(descriptor, bytes(data[:50]), at))
            await log.append([entry(1), entry(2)])

    run(scene())
    assert read_ledger(tmp_path)[1:] == [entry(1), entry(2)]
    assert LedgerReader(tmp_path).check().signed == 3


def test_much_at_once_is_synced_in_pieces_that_a_crash_may_take(
    run: Any, tmp_path: Path, syncs: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GROUP_MAX_BYTES", 1_000)

    async def scene() -> None:
        async with opened(tmp_path) as log:
            await log.append([entry(number) for number in range(100, 140)])

    run(scene())
    lines = (tmp_path / "ledger" / "entries").read_bytes().splitlines(keepends=True)
    *pieces, last = [after - before for before, after in itertools.pairwise(syncs)]
    assert len(pieces) > 3
    assert all(1_000 < piece <= 1_000 + len(lines[-1]) for piece in pieces)
    assert 0 < last <= 1_000 + len(lines[-1])
    assert sum(pieces) + last == sum(map(len, lines[1:]))


@pytest.mark.parametrize(("names", "lines"), [(0, [0]), (500, [500]), (501, [500, 1])])
def test_a_scope_is_split_where_it_is_longer_than_a_line_holds(
    run: Any, tmp_path: Path, names: int, lines: list[int]
) -> None:
    async def scene() -> None:
        async with opened(tmp_path) as log:
            await log.append([entry(1, tuple(map(str, range(names))))])

    run(scene())
    assert [len(one.scope) for one in read_ledger(tmp_path)[1:]] == lines

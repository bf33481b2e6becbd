"""Where disk, tree, index or checkpoint fail: who waits is told, what was left out is counted, the rest goes on."""

import asyncio
import errno
import os
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from ringfence.kms.key_files import LEDGER, KeyFileError, KeyFiles
from ringfence.kms.ledger import writer as module
from ringfence.kms.ledger.checkpoint_file import CheckpointFile
from ringfence.kms.ledger.index import LedgerIndex
from ringfence.kms.ledger.reading import LedgerReader, read_ledger
from ringfence.kms.ledger.writer import LedgerWriter
from ringfence.ports.ledger import AccessEntry


def entry(number: int) -> AccessEntry:
    return AccessEntry(at_ms=number, account="AC1", actor="SK1", verb="open_epochs")


@asynccontextmanager
async def opened(path: Path, **options: Any) -> AsyncIterator[LedgerWriter]:
    log = LedgerWriter(path, **options)
    await log.open(at_ms=99)
    try:
        yield log
    finally:
        await log.close()


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, "no space left on device")


def test_who_waits_is_told_why_it_could_not_be_written(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        async with opened(tmp_path) as log:
            with monkeypatch.context() as broken:
                broken.setattr(module, "_fsync", full)
                with pytest.raises(OSError) as failed:
                    await log.append([entry(1)])
            assert (failed.value.errno, failed.value.strerror) == (errno.ENOSPC, "the ledger cannot be written")
        with pytest.raises(OSError, match=r"^the ledger is closed$"):
            await log.append([entry(2)])

    run(scene())


def test_who_stops_waiting_keeps_no_answer_from_the_others(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken, gate = threading.Event(), threading.Event()
    real = os.fdatasync

    def held(descriptor: int) -> None:
        taken.set()
        assert gate.wait(10)
        real(descriptor)

    async def scene() -> None:
        async with opened(tmp_path) as log:
            monkeypatch.setattr(module, "_fsync", held)
            first = asyncio.ensure_future(log.append([entry(0)]))
            await asyncio.to_thread(taken.wait, 10)
            second, third = (asyncio.ensure_future(log.append([entry(number)])) for number in (1, 2))
            await asyncio.sleep(0)
            second.cancel()
            gate.set()
            await asyncio.wait_for(asyncio.gather(first, third), 10)
            assert second.cancelled()

    run(scene())
    assert read_ledger(tmp_path)[1:] == [entry(0), entry(1), entry(2)]


def test_who_came_while_the_writer_ended_is_told_as_who_was_there(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken, gate = threading.Event(), threading.Event()

    def crash(*_: object) -> None:
        taken.set()
        assert gate.wait(10)
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(threading, "excepthook", lambda _: None)

    async def scene() -> None:
        async with opened(tmp_path) as log:
            monkeypatch.setattr(LedgerWriter, "_write", crash)
            first = asyncio.ensure_future(log.append([entry(1)]))
            await asyncio.to_thread(taken.wait, 10)
            second = asyncio.ensure_future(log.append([entry(2)]))
            await asyncio.sleep(0)
            gate.set()
            for told in await asyncio.wait_for(asyncio.gather(first, second, return_exceptions=True), 10):
                assert isinstance(told, OSError)
                assert told.strerror == "the ledger cannot be written"

    run(scene())


def test_all_that_was_left_out_is_counted_in_one_gap_from_the_first_to_the_last(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LATER_LINGER_S", 5)

    async def scene() -> None:
        async with opened(tmp_path, later_max=2) as log:
            with monkeypatch.context() as broken:
                broken.setattr(module, "_fsync", full)
                for numbers in ((40, 50, 60), (20, 30, 10)):  # of each three, one is too many
                    for number in numbers:
                        log.append_later(entry(number))
                    with pytest.raises(OSError):
                        await log.append([entry(7)])
                with pytest.raises(OSError):
                    await log.append([entry(8)])  # the writer is done with what came before

    run(scene())
    (gap,) = read_ledger(tmp_path)[1:]
    assert gap == AccessEntry(at_ms=60, account="", actor="dispatcher", verb="log.gap", scope=("6", "10", "60"))


def test_a_checkpoint_that_cannot_be_kept_is_told_and_signed_later(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHECKPOINT_EVERY_S", 0.05)
    tried = threading.Event()

    def failing(*_: object) -> None:
        tried.set()
        full()

    async def scene() -> None:
        async with opened(tmp_path) as log:
            with monkeypatch.context() as broken, capture_logs() as logs:
                broken.setattr(CheckpointFile, "write", failing)
                await log.append([entry(1)])  # what it tells of may go
                tried.clear()
                assert await asyncio.to_thread(tried.wait, 10)  # and it is tried again
                await log.append([entry(2)])
            assert logs
            assert all(
                one == {"event": "ledger.not_signed", "log_level": "error", "code": errno.ENOSPC} for one in logs
            )

    run(scene())
    assert LedgerReader(tmp_path).check().signed == 3


def test_an_index_that_cannot_be_written_is_told_once_and_made_whole_at_the_next_start(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHECKPOINT_EVERY_S", 0.01)

    def failing(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    async def scene() -> None:
        async with opened(tmp_path) as log:
            with capture_logs() as logs:
                for number in (1, 2, 3):
                    with monkeypatch.context() as broken:
                        broken.setattr(LedgerIndex, "add", failing)
                        await log.append([entry(number)])
                        while LedgerReader(tmp_path).check().signed <= number:
                            await asyncio.sleep(0.01)
            assert logs == [{"event": "ledger.not_indexed", "log_level": "error", "error": "OperationalError"}]
            assert list(LedgerReader(tmp_path).lines_of("account", "AC1")) == []
        async with opened(tmp_path):
            assert [line.n for line in LedgerReader(tmp_path).lines_of("account", "AC1")] == [1, 2, 3]

    run(scene())


def test_an_index_that_cannot_be_read_is_made_anew_in_pieces_and_told(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "INDEXED_AT_ONCE", 7)

    async def scene() -> None:
        async with opened(tmp_path) as log:
            await log.append([entry(number) for number in range(300)])
        cut = LedgerIndex.cut
        calls = 0

        def damaged_at_first(index: LedgerIndex, size: int) -> None:
            nonlocal calls
            calls += 1
            if calls == 1:
                raise sqlite3.DatabaseError("database disk image is malformed")
            cut(index, size)

        with monkeypatch.context() as broken, capture_logs() as logs:
            broken.setattr(LedgerIndex, "cut", damaged_at_first)
            async with opened(tmp_path):
                pass
        assert logs == [{"event": "ledger.index_made_anew", "log_level": "warning", "error": "DatabaseError"}]
        assert [line.n for line in LedgerReader(tmp_path).lines_of("account", "AC1")] == list(range(1, 301))

    run(scene())


def test_what_could_not_be_opened_is_free_for_whoever_mends_it(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with opened(tmp_path) as log:
            await log.append([entry(1)])
        path = tmp_path / "keys" / "ledger.key"
        key = path.read_bytes()
        path.unlink()
        for _ in range(2):
            with pytest.raises(KeyFileError, match=r"^ledger\.key is missing$"):
                await LedgerWriter(tmp_path).open(at_ms=0)
        path.write_bytes(key)
        path.chmod(0o600)
        async with opened(tmp_path):
            pass

    run(scene())
    assert read_ledger(tmp_path)[1:] == [entry(1)]


@pytest.mark.parametrize("kept_before", [b"", b"x" * 300])
def test_what_is_torn_off_is_kept_for_its_owner_alone_in_place_of_what_was_kept_there(
    run: Any, tmp_path: Path, kept_before: bytes
) -> None:
    async def scene() -> None:
        async with opened(tmp_path) as log:
            await log.append([entry(1)])

    run(scene())
    path = tmp_path / "ledger" / "entries"
    kept = path.with_name(f"entries.torn-{path.stat().st_size}")
    if kept_before:
        kept.write_bytes(kept_before)
        kept.chmod(0o600)
    path.write_bytes(path.read_bytes() + b"torn")
    run(scene())
    assert kept.read_bytes() == b"torn"
    assert kept.stat().st_mode & 0o777 == 0o600
    told = read_ledger(tmp_path)[2]
    assert (told.account, told.actor, told.verb, told.scope[0]) == ("", "kms", "log.torn", "4")


def test_the_first_entry_is_of_nobody_and_every_key_is_told(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with opened(tmp_path) as log:
            verifiers = [await log.rotate_key(at_ms=number) for number in (5, 6)]
            assert log.keys.signer.verifier.encode() == verifiers[-1]
            assert read_ledger(tmp_path) == [
                AccessEntry(at_ms=99, account="", actor="kms", verb="log.began"),
                *(
                    AccessEntry(at_ms=at_ms, account="", actor="operator", verb="rotate_ledger", scope=(verifier,))
                    for at_ms, verifier in zip((5, 6), verifiers, strict=True)
                ),
            ]

    run(scene())
    assert KeyFiles(tmp_path / "keys").days(LEDGER) == [1, 2]


@pytest.mark.parametrize("lost", ["levels", "offsets", "half a level", "checkpoint behind", "no checkpoint"])
@pytest.mark.parametrize("before", [256, 290])
def test_what_a_crash_took_of_the_tree_is_made_again(run: Any, tmp_path: Path, lost: str, before: int) -> None:
    async def written(first: int, stop: int) -> None:
        async with opened(tmp_path) as log:
            await log.append([entry(number) for number in range(first, stop)])

    run(written(1, before))
    ledger = tmp_path / "ledger"
    kept = (ledger / "checkpoint").read_bytes()
    run(written(before, 600))
    root = LedgerReader(tmp_path).check().root
    if lost == "levels":
        for level in ledger.glob("level-*"):
            level.unlink()
    elif lost == "offsets":
        (ledger / "offsets").unlink()
    elif lost == "half a level":
        (ledger / "level-0").write_bytes((ledger / "level-0").read_bytes()[: 300 * 32 + 1])
    elif lost == "checkpoint behind":
        (ledger / "checkpoint").write_bytes(kept)
    else:
        (ledger / "checkpoint").unlink()
    run(written(600, 600))
    assert LedgerReader(tmp_path).check() == (600, root, 600)
    index = LedgerIndex(ledger / "index.db")
    index.cut(before)
    index.close()
    run(written(600, 601))
    assert [line.n for line in LedgerReader(tmp_path).lines_of("account", "AC1")] == list(range(1, 601))

import asyncio
import hashlib
import itertools
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from ringfence.domain.ledger.merkle import Frontier, leaf_hash
from ringfence.kms.key_files import LEDGER, KeyFileError, KeyFiles
from ringfence.kms.ledger import writer as module
from ringfence.kms.ledger.keys import LedgerKeys
from ringfence.kms.ledger.lines import TAIL_BYTES, LedgerBrokenError, line_of
from ringfence.kms.ledger.reading import LedgerReader, read_ledger
from ringfence.kms.ledger.writer import LedgerWriter
from ringfence.ports.ledger import AccessEntry

AC = "AC" + "a" * 32


def entry(number: int = 0, verb: str = "open_epochs", scope: tuple[str, ...] = ("1",)) -> AccessEntry:
    return AccessEntry(at_ms=1_000 + number, account=AC, actor=AC, verb=verb, scope=scope)


@asynccontextmanager
async def opened(path: Path, **options: int) -> AsyncIterator[LedgerWriter]:
    log = LedgerWriter(path, **options)
    await log.open(at_ms=99)
    try:
        yield log
    finally:
        await log.close()


async def open_and_close(path: Path) -> None:
    async with opened(path):
        pass


def read_after(directory: Path) -> list[AccessEntry]:
    """What stands behind the first entry, which says that the ledger began."""
    began, *found = read_ledger(directory)
    assert (began.verb, began.actor, began.at_ms) == ("log.began", "kms", 99)
    return found


def entries_file(directory: Path) -> Path:
    return directory / "ledger" / "entries"


def prepared(directory: Path) -> LedgerKeys:
    files = KeyFiles(directory / "keys")
    files.prepare()
    (directory / "ledger").mkdir()
    return LedgerKeys(files.create(LEDGER))


def test_a_ledger_is_private_and_begins_with_saying_so(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with opened(tmp_path) as log:
            await log.append([entry(1), entry(2)])
            await log.append([entry(3)])

    run(scene())
    assert [one.verb for one in read_ledger(tmp_path)] == ["log.began", *["open_epochs"] * 3]
    assert read_after(tmp_path) == [entry(1), entry(2), entry(3)]
    assert (tmp_path / "ledger").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "ledger").iterdir()} == {0o600}


def test_a_log_goes_on_where_it_ended(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        for number in range(4):
            async with opened(tmp_path) as log:
                await log.append([entry(number)])

    run(scene())
    assert read_after(tmp_path) == [entry(number) for number in range(4)]


def test_appends_that_arrive_together_share_one_fsync(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    syncs: list[int] = []
    real = os.fdatasync

    def slow_sync(descriptor: int) -> None:
        syncs.append(descriptor)
        time.sleep(0.02)
        real(descriptor)

    async def scene() -> None:
        async with opened(tmp_path) as log:
            monkeypatch.setattr(module, "_fsync", slow_sync)
            await asyncio.gather(*(log.append([entry(number)]) for number in range(200)))

    run(scene())
    assert len(read_after(tmp_path)) == 200
    assert 1 <= len(syncs) <= 3


def test_nothing_is_answered_before_it_is_synced(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    real = os.fdatasync

    def held_sync(descriptor: int) -> None:
        assert gate.wait(10)
        real(descriptor)

    async def scene() -> None:
        async with opened(tmp_path) as log:
            monkeypatch.setattr(module, "_fsync", held_sync)
            waiting = asyncio.ensure_future(log.append([entry()]))
            await asyncio.sleep(0.1)
            assert not waiting.done()
            gate.set()
            await waiting

    run(scene())


def test_later_entries_are_written_soon_and_without_being_waited_for(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with opened(tmp_path) as log:
            for number in range(10):
                log.append_later(entry(number))
            for _ in range(100):
                await asyncio.sleep(0.02)
                if len(read_after(tmp_path)) == 10:
                    return
            pytest.fail("not written")

    run(scene())


def test_closing_writes_what_is_queued(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with opened(tmp_path) as log:
            log.append_later(entry(1))
        await log.close()
        with pytest.raises(OSError, match="closed"):
            await log.append([entry(2)])

    run(scene())
    assert read_after(tmp_path) == [entry(1)]


def test_an_overflow_is_itself_written_as_a_gap(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        async with opened(tmp_path, later_max=3) as log:
            for number in range(10):
                log.append_later(entry(number))

    run(scene())
    *kept, gap = read_after(tmp_path)
    assert kept == [entry(0), entry(1), entry(2)]
    assert (gap.verb, gap.actor, gap.scope, gap.at_ms) == ("log.gap", "dispatcher", ("7", "1003", "1009"), 1_009)


def test_a_long_scope_becomes_several_lines(run: Any, tmp_path: Path) -> None:
    scope = tuple(str(number) for number in range(1_201))

    async def scene() -> None:
        async with opened(tmp_path) as log:
            await log.append([entry(scope=scope)])

    run(scene())
    found = read_after(tmp_path)
    assert [len(one.scope) for one in found] == [500, 500, 201]
    assert tuple(item for one in found for item in one.scope) == scope


def test_a_second_process_cannot_write_the_same_log(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with opened(tmp_path):
            with pytest.raises(OSError):
                await LedgerWriter(tmp_path).open(at_ms=0)
        async with opened(tmp_path):
            pass

    run(scene())


def test_a_full_disk_fails_closed_and_leaves_no_trace(run: Any, tmp_path: Path) -> None:
    path = entries_file(tmp_path)
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    async def scene() -> None:
        async with opened(tmp_path) as log:
            await log.append([entry(1)])
            size = path.stat().st_size
            resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, hard))  # room for half a line
            try:
                log.append_later(entry(2))
                for _ in range(2):
                    with pytest.raises(OSError, match="cannot be written"):
                        await log.append([entry(3)])
                await asyncio.sleep(0.2)
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            await log.append([entry(4)])

    try:
        run(scene())
    finally:
        signal.signal(signal.SIGXFSZ, old)
    found = read_after(tmp_path)
    # The gap is told as soon as there is room again, which may be before the next opening.
    assert [one for one in found if one.verb != "log.gap"] == [entry(1), entry(4)]
    assert [one.scope for one in found if one.verb == "log.gap"] == [("1", "1002", "1002")]


def test_after_a_failed_fsync_nothing_of_that_group_counts(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = True

    def sync(descriptor: int) -> None:
        if failing:
            raise OSError(5, "input/output error")
        os.fdatasync(descriptor)

    async def scene() -> None:
        nonlocal failing
        async with opened(tmp_path) as log:
            monkeypatch.setattr(module, "_fsync", sync)
            with pytest.raises(OSError):
                await log.append([entry(1)])
            failing = False
            await log.append([entry(2)])

    run(scene())
    assert read_after(tmp_path) == [entry(2)]


def lines_on_disk(directory: Path, count: int, scope: tuple[str, ...] = ("1",)) -> list[bytes]:
    """A ledger of so many entries that no checkpoint knows of yet: the first says that it began."""
    keys = prepared(directory)
    began = AccessEntry(at_ms=99, account="", actor="kms", verb="log.began")
    lines = [line_of(keys, began, 0)[0]]
    lines += [line_of(keys, entry(n, scope=scope), n)[0] for n in range(1, count)]
    entries_file(directory).write_bytes(b"".join(lines))
    return lines


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_torn_tail_is_cut_off_kept_and_told(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        lines = lines_on_disk(directory, 6)
        ends = list(itertools.accumulate(map(len, lines), initial=0))
        whole = b"".join(lines)
        cut = data.draw(st.integers(0, len(whole)))
        garbage = data.draw(st.sampled_from([b"", bytes(40), b"\n", b"\xff" * 300, whole[:cut][-90:]]))
        left = whole[:cut] + garbage
        entries_file(directory).write_bytes(left)
        sound = max(index for index, end in enumerate(ends) if left[:end] == whole[:end])

        async def scene() -> None:
            async with opened(directory) as log:
                await log.append([entry(100)])

        asyncio.run(scene())
        torn = left[ends[sound] :]
        found = read_after(directory)
        before = max(sound - 1, 0)
        assert found[:before] == [entry(number) for number in range(1, sound)]
        assert found[-1] == entry(100)
        if torn:
            told = found[before]
            assert (told.verb, told.actor, told.at_ms) == ("log.torn", "kms", 99)
            assert told.scope == (str(len(torn)), hashlib.sha256(torn).hexdigest())
            assert (directory / "ledger" / f"entries.torn-{ends[sound]}").read_bytes() == torn
        assert len(found) == before + (2 if torn else 1)
        LedgerReader(directory).check()


def long_ledger(directory: Path) -> list[bytes]:
    return lines_on_disk(directory, 260, scope=tuple("s" * 40 for _ in range(400)))


def test_a_long_ledger_is_opened_by_its_end_and_goes_on(run: Any, tmp_path: Path) -> None:
    lines = long_ledger(tmp_path)
    assert sum(map(len, lines)) > 2 * TAIL_BYTES

    async def scene() -> None:
        async with opened(tmp_path) as log:
            await log.append([entry(7)])

    run(scene())
    assert LedgerReader(tmp_path).check().entries == len(lines) + 1


@pytest.mark.parametrize("where", ["first line in reach", "middle of what is reached"])
def test_a_ledger_broken_far_back_is_no_crash_and_refused(run: Any, tmp_path: Path, where: str) -> None:
    long_ledger(tmp_path)
    path = entries_file(tmp_path)
    data = bytearray(path.read_bytes())
    reach = len(data) - TAIL_BYTES
    at = data.index(b"\n", reach) + 5 if where == "first line in reach" else reach + TAIL_BYTES // 3
    data[at] ^= 1
    path.write_bytes(data)

    async def scene() -> None:
        with pytest.raises(LedgerBrokenError, match="hold together"):
            await LedgerWriter(tmp_path).open(at_ms=0)

    run(scene())
    assert path.read_bytes() == data
    with pytest.raises(LedgerBrokenError, match=r"entry \d+ of the ledger"):
        read_ledger(tmp_path)


@pytest.mark.parametrize("change", ["edit", "drop", "swap"])
def test_reading_the_whole_ledger_finds_any_change(run: Any, tmp_path: Path, change: str) -> None:
    async def scene() -> None:
        async with opened(tmp_path) as log:
            await log.append([entry(number) for number in range(6)])

    run(scene())
    path = entries_file(tmp_path)
    lines = path.read_bytes().splitlines(keepends=True)
    if change == "edit":
        lines[2] = lines[2].replace(b"open_epochs", b"open_epochz")
    elif change == "drop":
        del lines[2]
    else:
        lines[2], lines[3] = lines[3], lines[2]
    path.write_bytes(b"".join(lines))
    with pytest.raises(LedgerBrokenError, match="entry 2"):
        read_ledger(tmp_path)


def forge(directory: Path, keep: int, change: int | None = None) -> None:
    """What a thief of disk and keys writes: the first entries, one of them another, all of it sound in itself."""
    keys = LedgerKeys(KeyFiles(directory / "keys").load(LEDGER))
    found = read_ledger(directory)[:keep]
    if change is not None:
        found[change] = entry(666, verb="nothing_to_see")
    entries_file(directory).write_bytes(b"".join(line_of(keys, one, n)[0] for n, one in enumerate(found)))


@pytest.mark.parametrize(
    ("keep", "change", "why"),
    [(5, None, "ends after 5"), (7, 3, "^the ledger's entries are not those of its checkpoint$")],
)
def test_a_rewritten_ledger_is_not_that_of_its_checkpoint(
    run: Any, tmp_path: Path, keep: int, change: int | None, why: str
) -> None:
    async def scene() -> None:
        async with opened(tmp_path) as log:
            await log.append([entry(number) for number in range(6)])

    run(scene())
    forge(tmp_path, keep, change)
    with pytest.raises(LedgerBrokenError, match=why):
        LedgerReader(tmp_path).check()
    for level in (tmp_path / "ledger").glob("level-*"):
        level.write_bytes(b"")

    async def again() -> None:
        with pytest.raises(LedgerBrokenError, match=why):
            await LedgerWriter(tmp_path).open(at_ms=0)

    run(again())


def test_the_checkpoint_is_of_all_that_was_written(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with opened(tmp_path) as log:
            await log.append([entry(number) for number in range(700)])

    run(scene())
    tree = Frontier()
    for line in LedgerReader(tmp_path).lines():
        tree.append(leaf_hash(line.leaf))
    assert LedgerReader(tmp_path).check() == (701, tree.root(), 701)


def test_a_checkpoint_is_signed_soon_while_the_ledger_is_open(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with opened(tmp_path) as log:
            await log.append([entry(1)])
            while LedgerReader(tmp_path).check().signed < 2:
                await asyncio.sleep(0.05)

    run(asyncio.wait_for(scene(), 30))


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.integers(0, 300), min_size=1, max_size=4),
    st.sampled_from(["nothing", "levels", "offsets", "half a level", "checkpoint behind", "no checkpoint"]),
)
def test_the_tree_is_made_again_from_the_entries(counts: list[int], lost: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        kept = b""
        for number, count in enumerate(counts):

            async def scene(number: int = number, count: int = count) -> None:
                async with opened(directory) as log:
                    await log.append([entry(number * 1_000 + one) for one in range(count)])

            asyncio.run(scene())
            ledger = directory / "ledger"
            kept = kept or (ledger / "checkpoint").read_bytes()
            if lost == "levels":
                for level in ledger.glob("level-*"):
                    level.unlink()
            elif lost == "offsets":
                (ledger / "offsets").unlink()
            elif lost == "half a level":
                level = ledger / "level-0"
                level.write_bytes(level.read_bytes()[: level.stat().st_size // 2 + 1])
            elif lost == "checkpoint behind":
                (ledger / "checkpoint").write_bytes(kept)
            elif lost == "no checkpoint":
                (ledger / "checkpoint").unlink()

        async def last() -> None:
            async with opened(directory) as log:
                await log.append([entry(7)])

        asyncio.run(last())
        sound = LedgerReader(directory).check()
        assert sound.entries == sound.signed == sum(counts) + 2


def test_a_ledger_that_was_taken_away_is_missed(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with opened(tmp_path):
            (tmp_path / "kms.db").touch()

    run(scene())
    for left in (tmp_path / "ledger").iterdir():
        left.unlink()

    async def again() -> None:
        with pytest.raises(LedgerBrokenError, match=r"^the ledger is gone, and what it told of is there$"):
            await LedgerWriter(tmp_path).open(at_ms=0)

    run(again())


def test_a_ledger_without_its_key_does_not_begin_anew(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with opened(tmp_path):
            pass

    run(scene())
    (tmp_path / "keys" / "ledger.key").unlink()

    async def again() -> None:
        with pytest.raises(KeyFileError, match=r"ledger\.key is missing"):
            await LedgerWriter(tmp_path).open(at_ms=0)

    run(again())


def test_the_log_of_an_older_version_is_kept_and_named(run: Any, tmp_path: Path) -> None:
    (tmp_path / "access.log").write_bytes(b"what it held\n")
    (tmp_path / "kms.db").touch()

    async def scene() -> None:
        async with opened(tmp_path):
            pass

    run(scene())
    (began,) = read_ledger(tmp_path)
    assert began.verb == "log.began"
    assert began.scope == ("access.log", "13", hashlib.sha256(b"what it held\n").hexdigest())
    assert (tmp_path / "access.log").read_bytes() == b"what it held\n"


def test_entries_wait_while_the_tree_cannot_follow(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        async with opened(tmp_path) as log:
            with monkeypatch.context() as broken, capture_logs() as logs:
                leaves = log._tree._levels[0]

                def full() -> None:
                    if leaves._pending:
                        raise OSError(28, "no space left on device")

                broken.setattr(leaves, "flush", full)
                # It is on disk, so what it tells of may go; the next one waits until the tree can follow.
                await log.append([entry(1)])
                with pytest.raises(OSError, match="cannot be written"):
                    await log.append([entry(2)])
            assert logs[0] == {"event": "ledger.tree_not_written", "log_level": "error", "code": 28}
            await log.append([entry(3)])

    run(scene())
    assert read_after(tmp_path) == [entry(1), entry(3)]
    assert LedgerReader(tmp_path).check().signed == 3


WRITER = """
import asyncio, sys
from pathlib import Path
from ringfence.domain.ledger.merkle import Frontier, leaf_hash
from ringfence.kms.key_files import LEDGER, KeyFileError, KeyFiles
from ringfence.kms.ledger import writer as module
from ringfence.kms.ledger.keys import LedgerKeys
from ringfence.kms.ledger.lines import TAIL_BYTES, LedgerBrokenError, line_of
from ringfence.kms.ledger.reading import LedgerReader, read_ledger
from ringfence.kms.ledger.writer import LedgerWriter
from ringfence.ports.ledger import AccessEntry

async def main():
    log = LedgerWriter(Path(sys.argv[1]))
    await log.open(at_ms=99)
    async def client(first):
        number = first
        while True:
            await log.append([AccessEntry(at_ms=number, account="AC", actor="AC", verb="open", scope=("x" * 50,))])
            sys.stdout.write(f"{number}\\n")
            sys.stdout.flush()
            number += 8
    await asyncio.gather(*(client(first) for first in range(8)))

asyncio.run(main())
"""


def test_what_was_acknowledged_survives_kill_9(run: Any, tmp_path: Path) -> None:
    acknowledged: set[int] = set()
    for attempt in range(3):
        path = tmp_path / str(attempt)
        path.mkdir()
        acknowledged.clear()
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        for line in writer.stdout:
            acknowledged.add(int(line))
            if len(acknowledged) == 100:
                writer.send_signal(signal.SIGKILL)
                break
        acknowledged |= {int(line) for line in writer.stdout if line.endswith("\n")}
        writer.wait()
        writer.stdout.close()

        run(open_and_close(path))
        assert acknowledged <= {one.at_ms for one in read_after(path) if one.verb == "open"}
        LedgerReader(path).check()


@pytest.mark.parametrize("crashing", ["_write", "_write_entries", "_sign"])
def test_when_the_writer_ends_nobody_waits_for_ever(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, crashing: str
) -> None:
    def crash(*_: object) -> None:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(threading, "excepthook", lambda _: None)

    async def scene() -> None:
        async with opened(tmp_path) as log:
            monkeypatch.setattr(LedgerWriter, crashing, crash)
            thread = log._thread
            assert thread is not None
            # Whoever it was writing for when it ended, and whoever comes later.
            taken = await asyncio.gather(log.append([entry(1)]), return_exceptions=True)
            assert isinstance(taken[0], OSError) is (crashing != "_sign")
            await asyncio.to_thread(thread.join)
            with pytest.raises(OSError, match="closed"):
                await log.append([entry(2)])

    run(asyncio.wait_for(scene(), 30))

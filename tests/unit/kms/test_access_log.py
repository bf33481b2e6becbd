import asyncio
import hashlib
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.kms import access_log
from ringfence.kms.access_log import AccessLog
from ringfence.kms.log_chain import GENESIS, TAIL_BYTES, LogBrokenError, Position, line_of, read_line, read_log
from ringfence.ports.ledger import AccessEntry

AC = "AC" + "a" * 32


def entry(number: int = 0, verb: str = "open_epochs", scope: tuple[str, ...] = ("1",)) -> AccessEntry:
    return AccessEntry(at_ms=1_000 + number, account=AC, actor=AC, verb=verb, scope=scope)


@asynccontextmanager
async def opened(path: Path, **options: int) -> AsyncIterator[AccessLog]:
    log = AccessLog(path, **options)
    await log.open(at_ms=99)
    try:
        yield log
    finally:
        await log.close()


entries = st.builds(
    AccessEntry,
    at_ms=st.integers(0, 2**50),
    account=st.text(max_size=40),
    actor=st.text(max_size=40),
    verb=st.text(max_size=20),
    scope=st.lists(st.text(max_size=20), max_size=5).map(tuple),
)


@given(st.lists(entries, min_size=1, max_size=8))
def test_a_chain_of_lines_reads_back_and_any_change_is_seen(written: list[AccessEntry]) -> None:
    lines, position = [], Position(0, 0, GENESIS)
    for one in written:
        line, position = line_of(one, position)
        lines.append(line)
    assert position.offset == sum(map(len, lines))
    before = Position(0, 0, GENESIS)
    for one, line in zip(written, lines, strict=True):
        read = read_line(line, before)
        assert read is not None
        assert read[0] == one
        for changed in (line[1:], line[:-1], line.replace(b'"n":', b'"n": '), line[:70] + b"x" + line[71:]):
            assert read_line(changed, before) is None
        before = read[1]
    assert before == position
    if len(lines) > 1:
        assert read_line(lines[1], Position(0, 0, GENESIS)) is None


def test_each_line_is_bound_to_the_one_before(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with opened(tmp_path / "access.log") as log:
            await log.append([entry(1), entry(2)])
            await log.append([entry(3)])

    run(scene())
    before = bytes(32)
    for number, line in enumerate((tmp_path / "access.log").read_bytes().splitlines()):
        digest, _, body = line.partition(b" ")
        before = hashlib.sha256(before + body).digest()
        assert digest.decode() == before.hex()
        assert body.startswith(b'{"n":%d,"at_ms":%d,"account":"AC' % (number, 1_001 + number))
    assert read_log(tmp_path / "access.log") == [entry(1), entry(2), entry(3)]
    assert (tmp_path / "access.log").stat().st_mode & 0o777 == 0o600


def test_a_log_goes_on_where_it_ended(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        for number in range(4):
            async with opened(tmp_path / "access.log") as log:
                await log.append([entry(number)])

    run(scene())
    assert read_log(tmp_path / "access.log") == [entry(number) for number in range(4)]


def test_appends_that_arrive_together_share_one_fsync(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    syncs: list[int] = []
    real = os.fdatasync

    def slow_sync(descriptor: int) -> None:
        syncs.append(descriptor)
        time.sleep(0.02)
        real(descriptor)

    monkeypatch.setattr(access_log, "_fsync", slow_sync)

    async def scene() -> None:
        async with opened(tmp_path / "access.log") as log:
            await asyncio.gather(*(log.append([entry(number)]) for number in range(200)))

    run(scene())
    assert len(read_log(tmp_path / "access.log")) == 200
    assert 1 <= len(syncs) <= 3


def test_nothing_is_answered_before_it_is_synced(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    real = os.fdatasync

    def held_sync(descriptor: int) -> None:
        assert gate.wait(10)
        real(descriptor)

    monkeypatch.setattr(access_log, "_fsync", held_sync)

    async def scene() -> None:
        async with opened(tmp_path / "access.log") as log:
            waiting = asyncio.ensure_future(log.append([entry()]))
            await asyncio.sleep(0.1)
            assert not waiting.done()
            gate.set()
            await waiting

    run(scene())


def test_later_entries_are_written_soon_and_without_being_waited_for(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with opened(tmp_path / "access.log") as log:
            for number in range(10):
                log.append_later(entry(number))
            for _ in range(100):
                await asyncio.sleep(0.02)
                if len(read_log(tmp_path / "access.log")) == 10:
                    return
            pytest.fail("not written")

    run(scene())


def test_closing_writes_what_is_queued(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with opened(tmp_path / "access.log") as log:
            log.append_later(entry(1))
        await log.close()
        with pytest.raises(OSError, match="closed"):
            await log.append([entry(2)])

    run(scene())
    assert read_log(tmp_path / "access.log") == [entry(1)]


def test_an_overflow_is_itself_written_as_a_gap(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        async with opened(tmp_path / "access.log", later_max=3) as log:
            for number in range(10):
                log.append_later(entry(number))

    run(scene())
    *kept, gap = read_log(tmp_path / "access.log")
    assert kept == [entry(0), entry(1), entry(2)]
    assert (gap.verb, gap.actor, gap.scope, gap.at_ms) == ("log.gap", "dispatcher", ("7", "1003", "1009"), 1_009)


def test_a_long_scope_becomes_several_lines(run: Any, tmp_path: Path) -> None:
    scope = tuple(str(number) for number in range(1_201))

    async def scene() -> None:
        async with opened(tmp_path / "access.log") as log:
            await log.append([entry(scope=scope)])

    run(scene())
    found = read_log(tmp_path / "access.log")
    assert [len(one.scope) for one in found] == [500, 500, 201]
    assert tuple(item for one in found for item in one.scope) == scope


def test_a_second_process_cannot_write_the_same_log(run: Any, tmp_path: Path) -> None:
    async def scene() -> None:
        async with opened(tmp_path / "access.log"):
            with pytest.raises(OSError):
                await AccessLog(tmp_path / "access.log").open(at_ms=0)
        async with opened(tmp_path / "access.log"):
            pass

    run(scene())


def test_a_full_disk_fails_closed_and_leaves_no_trace(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    async def scene() -> None:
        async with opened(path) as log:
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
    found = read_log(path)
    assert found[:2] == [entry(1), entry(4)]
    assert [(one.verb, one.scope) for one in found[2:]] == [("log.gap", ("1", "1002", "1002"))]


def test_after_a_failed_fsync_nothing_of_that_group_counts(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = True

    def sync(descriptor: int) -> None:
        if failing:
            raise OSError(5, "input/output error")
        os.fdatasync(descriptor)

    monkeypatch.setattr(access_log, "_fsync", sync)

    async def scene() -> None:
        nonlocal failing
        async with opened(tmp_path / "access.log") as log:
            with pytest.raises(OSError):
                await log.append([entry(1)])
            failing = False
            await log.append([entry(2)])

    run(scene())
    assert read_log(tmp_path / "access.log") == [entry(2)]


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_torn_tail_is_cut_off_kept_and_told(data: st.DataObject) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "access.log"
        lines, position, ends = [], Position(0, 0, GENESIS), [0]
        for number in range(5):
            line, position = line_of(entry(number), position)
            lines.append(line)
            ends.append(position.offset)
        whole = b"".join(lines)
        cut = data.draw(st.integers(0, len(whole)))
        garbage = data.draw(st.sampled_from([b"", bytes(40), b"\n", b"\xff" * 300, whole[:cut][-90:]]))
        path.write_bytes(whole[:cut] + garbage)
        sound = max(index for index, end in enumerate(ends) if end <= cut)

        async def scene() -> None:
            async with opened(path) as log:
                await log.append([entry(100)])

        asyncio.run(scene())
        torn = (whole[:cut] + garbage)[ends[sound] :]
        found = read_log(path)
        assert found[:sound] == [entry(number) for number in range(sound)]
        assert found[-1] == entry(100)
        if torn:
            told = found[sound]
            assert (told.verb, told.actor, told.at_ms) == ("log.torn", "kms", 99)
            assert told.scope == (str(len(torn)), hashlib.sha256(torn).hexdigest())
            assert path.with_name(f"access.log.torn-{ends[sound]}").read_bytes() == torn
        assert len(found) == sound + (2 if torn else 1)


def long_log(path: Path, bytes_wanted: int) -> list[bytes]:
    lines, position = [], Position(0, 0, GENESIS)
    scope = tuple("s" * 40 for _ in range(400))
    while position.offset < bytes_wanted:
        line, position = line_of(entry(position.lines, scope=scope), position)
        lines.append(line)
    path.write_bytes(b"".join(lines))
    return lines


def test_a_long_log_is_opened_by_its_end_and_goes_on(run: Any, tmp_path: Path) -> None:
    lines = long_log(tmp_path / "access.log", 2 * TAIL_BYTES)

    async def scene() -> None:
        async with opened(tmp_path / "access.log") as log:
            await log.append([entry(7)])

    run(scene())
    assert len(read_log(tmp_path / "access.log")) == len(lines) + 1


@pytest.mark.parametrize("where", ["first line in reach", "middle of what is reached"])
def test_a_chain_broken_far_back_is_no_crash_and_refused(run: Any, tmp_path: Path, where: str) -> None:
    path = tmp_path / "access.log"
    long_log(path, 2 * TAIL_BYTES)
    data = bytearray(path.read_bytes())
    reach = len(data) - TAIL_BYTES
    at = data.index(b"\n", reach) + 5 if where == "first line in reach" else reach + TAIL_BYTES // 3
    data[at] ^= 1
    path.write_bytes(data)

    async def scene() -> None:
        with pytest.raises(LogBrokenError, match="hold together"):
            await AccessLog(path).open(at_ms=0)

    run(scene())
    assert path.read_bytes() == data
    with pytest.raises(LogBrokenError, match="line"):
        read_log(path)


@pytest.mark.parametrize("change", ["edit", "drop", "swap"])
def test_reading_the_whole_log_finds_any_change(run: Any, tmp_path: Path, change: str) -> None:
    path = tmp_path / "access.log"

    async def scene() -> None:
        async with opened(path) as log:
            await log.append([entry(number) for number in range(6)])

    run(scene())
    lines = path.read_bytes().splitlines(keepends=True)
    if change == "edit":
        lines[2] = lines[2].replace(b"open_epochs", b"open_epochz")
    elif change == "drop":
        del lines[2]
    else:
        lines[2], lines[3] = lines[3], lines[2]
    path.write_bytes(b"".join(lines))
    with pytest.raises(LogBrokenError, match="line 2"):
        read_log(path)


WRITER = """
import asyncio, sys
from pathlib import Path
from ringfence.kms.access_log import AccessLog
from ringfence.ports.ledger import AccessEntry

async def main():
    log = AccessLog(Path(sys.argv[1]))
    await log.open(at_ms=0)
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
    path = tmp_path / "access.log"
    acknowledged: set[int] = set()
    for _ in range(3):
        path.unlink(missing_ok=True)
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

        async def scene() -> None:
            async with opened(path):
                pass

        run(scene())
        assert acknowledged <= {one.at_ms for one in read_log(path) if one.verb == "open"}


def test_when_the_writer_ends_nobody_waits_for_ever(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> None:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    monkeypatch.setattr(AccessLog, "_write", crash)

    async def scene() -> None:
        async with opened(tmp_path / "access.log") as log:
            log.append_later(entry(1))
            await asyncio.sleep(0.3)
            with pytest.raises(OSError):
                await log.append([entry(2)])

    run(scene())

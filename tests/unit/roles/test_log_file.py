"""A role's log on disk: bounded, private, and never in the way of what it tells of."""

import errno
import io
import json
import os
from pathlib import Path

import pytest

from ringfence.roles.log_file import LogFile, log_file, log_path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return log_path(tmp_path, "api")


def line(number: int) -> str:
    return json.dumps({"event": f"line {number:03}"}) + "\n"


def test_what_is_written_goes_to_both(path: Path) -> None:
    beside = io.StringIO()
    LogFile(path, 1_000, beside).write(line(1))
    assert beside.getvalue() == path.read_text() == line(1)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_start_goes_on_where_the_file_ends(path: Path) -> None:
    LogFile(path, 1_000, io.StringIO()).write(line(1))
    LogFile(path, 1_000, io.StringIO()).write(line(2))
    assert path.read_text() == line(1) + line(2)


def test_a_full_file_moves_aside_and_the_two_hold_the_newest_lines(path: Path) -> None:
    size = len(line(0))
    log = LogFile(path, 4 * size, io.StringIO())
    for number in range(10):
        log.write(line(number))
    assert path.with_name("api.log.1").read_text() == "".join(map(line, range(4, 8)))
    assert path.read_text() == line(8) + line(9)
    assert {each.name for each in path.parent.iterdir()} == {"api.log", "api.log.1"}


def test_a_full_disk_loses_lines_of_the_file_alone_and_they_are_counted(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside = io.StringIO()
    log = LogFile(path, 10_000, beside)
    log.write(line(1))

    def full(descriptor: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        log.write(line(2))
        log.write(line(3))
    log.write(line(4))
    lines = [json.loads(each) for each in path.read_text().splitlines() if each]
    assert [each["event"] for each in lines] == ["line 001", "log lines lost", "line 004"]
    assert lines[1]["count"] == 2
    assert beside.getvalue() == "".join(map(line, range(1, 5)))


def test_a_torn_line_does_not_take_the_next_with_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = LogFile(path, 10_000, io.StringIO())
    write = os.write
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:9]))
        log.write(line(1))
    log.write(line(2))
    torn, lost, whole = path.read_text().splitlines()
    assert torn == line(1)[:9]
    assert json.loads(lost)["count"] == 1
    assert whole + "\n" == line(2)


def test_a_folder_that_cannot_be_made_leaves_standard_error(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("in the way")
    beside = io.StringIO()
    LogFile(log_path(tmp_path, "api"), 1_000, beside).write(line(1))
    assert beside.getvalue() == line(1)


def test_a_link_is_not_followed(path: Path, tmp_path: Path) -> None:
    path.parent.mkdir(mode=0o700)
    path.symlink_to(tmp_path / "elsewhere")
    LogFile(path, 1_000, io.StringIO()).write(line(1))
    assert not (tmp_path / "elsewhere").exists()


def test_none_is_kept_where_none_is_wanted(tmp_path: Path) -> None:
    assert log_file(tmp_path, "api", 0) is None
    assert log_file(tmp_path, "api", 1) is not None

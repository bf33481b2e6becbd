"""A file for its owner alone is on disk as a whole or not there."""

import resource
from pathlib import Path

import pytest

from ringfence.cli.private_file import write_private
from ringfence.roles.refusal import RefusalError

PAGE = b"%PDF" + bytes(4_096)


def test_it_is_its_owners_alone(tmp_path: Path) -> None:
    write_private(tmp_path / "kit.pdf", PAGE)
    assert (tmp_path / "kit.pdf").read_bytes() == PAGE
    assert (tmp_path / "kit.pdf").stat().st_mode & 0o777 == 0o600


def test_nothing_stays_of_one_that_could_not_be_written(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(RefusalError, match="File too large"):
            write_private(tmp_path / "kit.pdf", PAGE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def test_another_file_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "kit.pdf").write_bytes(b"another's")
    with pytest.raises(RefusalError, match="File exists"):
        write_private(tmp_path / "kit.pdf", PAGE)
    assert (tmp_path / "kit.pdf").read_bytes() == b"another's"

from pathlib import Path

import pytest

from ringfence.kms.key_files import KeyFileError, KeyFiles, day_file
from ringfence.kms.key_move import MOVED


@pytest.fixture
def files(tmp_path: Path) -> KeyFiles:
    found = KeyFiles(tmp_path / "keys")
    found.prepare()
    return found


def test_a_key_is_made_once_and_stays(files: KeyFiles, tmp_path: Path) -> None:
    key = files.create("standing")
    assert len(key) == 32
    assert files.create("standing") == key == files.load("standing")
    assert files.create("tables") != key
    path = tmp_path / "keys" / "standing.key"
    assert path.read_bytes() == key
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_the_folder_is_made_with_those_above_it_and_found_again(tmp_path: Path) -> None:
    files = KeyFiles(tmp_path / "kms" / "of-shop" / "keys")
    files.prepare()
    key = files.create("standing")
    files.prepare()
    assert files.load("standing") == key


def test_while_a_move_is_unfinished_no_key_is_read_or_made(files: KeyFiles, tmp_path: Path) -> None:
    files.create("standing")
    (tmp_path / "keys" / MOVED).mkdir()
    words = r"^a move of the key files was interrupted: `ringfence up`, or `keys move` again, ends it$"
    for use in (lambda: files.load("standing"), lambda: files.create("tables")):
        with pytest.raises(KeyFileError, match=words):
            use()
    assert files.names() == ["standing"]


def test_a_missing_key_is_not_made_silently(files: KeyFiles) -> None:
    with pytest.raises(KeyFileError, match=r"standing\.key is missing"):
        files.load("standing")


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_damaged_key_is_refused(files: KeyFiles, tmp_path: Path, length: int) -> None:
    files.create("standing")
    (tmp_path / "keys" / "standing.key").write_bytes(bytes(length))
    with pytest.raises(KeyFileError, match="damaged"):
        files.load("standing")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_keys_open_to_others_are_refused(files: KeyFiles, tmp_path: Path, mode: int) -> None:
    files.create("standing")
    (tmp_path / "keys" / "standing.key").chmod(mode)
    with pytest.raises(KeyFileError, match="open to other users"):
        files.load("standing")


def test_a_directory_open_to_others_is_refused(files: KeyFiles, tmp_path: Path) -> None:
    (tmp_path / "keys").chmod(0o750)
    with pytest.raises(KeyFileError, match="open to other users"):
        files.prepare()


def test_what_a_crash_left_half_made_is_cleared_away(files: KeyFiles, tmp_path: Path) -> None:
    (tmp_path / "keys" / "standing.new").write_bytes(b"half")
    files.prepare()
    assert len(files.create("standing")) == 32
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["standing.key"]


def test_a_destroyed_key_is_overwritten_before_it_is_removed(files: KeyFiles, tmp_path: Path) -> None:
    key = files.create(day_file(19_700))
    path = tmp_path / "keys" / "dispatcher-19700.key"
    (tmp_path / "still-open").hardlink_to(path)  # the same bytes on disk, whoever reads them
    files.destroy(day_file(19_700))
    left = (tmp_path / "still-open").read_bytes()
    assert len(left) == 32
    assert left != key
    assert not path.exists()
    files.destroy(day_file(19_700))


def test_days_are_those_whose_key_exists(files: KeyFiles) -> None:
    for day in (19_702, 19_700):
        files.create(day_file(day))
    files.create("standing")
    assert files.days() == [19_700, 19_702]
    files.destroy(day_file(19_700))
    assert files.days() == [19_702]

"""Key files moved from one rest to another: whole or not at all, and nothing is left as it was before."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ringfence.kms.key_files import LEDGER, KeyFileError, KeyFiles
from ringfence.kms.key_move import MOVED, MOVING, is_unsettled, move_keys, settle_move
from ringfence.kms.key_rest import REST, FileRest, KeySeal, PlainSeal, rest_of
from ringfence.kms.unlock import unlock
from unit.kms.key_rests import PASSPHRASE, quick_passphrase

NAMES = ("ledger", "standing", "tables")


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    return tmp_path / "keys"


@pytest.fixture
def plain(keys: Path) -> dict[str, bytes]:
    """Keys in files, and what they are."""
    files = KeyFiles(keys)
    files.prepare()
    return {name: files.create(name) for name in NAMES}


def test_all_are_moved_and_written_over_where_they_were(keys: Path, plain: dict[str, bytes], tmp_path: Path) -> None:
    for name in NAMES:
        os.link(keys / f"{name}.key", tmp_path / name)  # what lies in the same blocks
    first, second = quick_passphrase(), quick_passphrase(b"another long passphrase")
    assert move_keys(keys, PlainSeal(), first) == 3
    for name, key in plain.items():
        left = (tmp_path / name).read_bytes()
        assert (len(left), left == key) == (len(key), False)
        assert first.unseal(name, (keys / f"{name}.key").read_bytes()) == key
    assert move_keys(keys, first, second) == 3
    for name, key in plain.items():
        assert second.unseal(name, (keys / f"{name}.key").read_bytes()) == key
    assert rest_of(keys) == second.rest
    assert sorted(path.name for path in keys.iterdir()) == ["ledger.key", REST, "standing.key", "tables.key"]
    assert {path.stat().st_mode & 0o777 for path in keys.iterdir()} == {0o600}


class Watching(PlainSeal):
    """Keys as they are; it notes how the folder of the new set stands while they are sealed."""

    def __init__(self, moving: Path) -> None:
        self.moving = moving
        self.modes: set[tuple[str, int]] = set()

    def unseal(self, name: str, sealed: bytes) -> bytes:
        for path in (self.moving, *self.moving.iterdir()):
            self.modes.add((path.name, path.stat().st_mode & 0o777))
        return super().unseal(name, sealed)


def test_the_new_set_is_private_while_it_is_made(keys: Path, plain: dict[str, bytes]) -> None:
    watching = Watching(keys / MOVING)
    move_keys(keys, PlainSeal(), watching)
    assert watching.modes == {(MOVING, 0o700), *((f"{name}.key", 0o600) for name in NAMES)}


class Forgetful(PlainSeal):
    """What it gives back is not what was sealed, as from an HSM that is broken."""

    def unseal(self, name: str, sealed: bytes) -> bytes:
        return super().unseal(name, sealed)[::-1]


def test_nothing_is_moved_to_what_does_not_give_it_back(keys: Path, plain: dict[str, bytes]) -> None:
    with pytest.raises(KeyFileError, match=r"^ledger\.key did not come back as it was sealed$"):
        move_keys(keys, PlainSeal(), Forgetful())
    settle_move(keys)
    assert {name: KeyFiles(keys).load(name) for name in NAMES} == plain


def test_nothing_is_moved_where_a_key_is_damaged(keys: Path, plain: dict[str, bytes]) -> None:
    (keys / "tables.key").write_bytes(b"short")
    with pytest.raises(KeyFileError, match=r"^tables\.key is damaged$"):
        move_keys(keys, PlainSeal(), quick_passphrase())
    assert KeyFiles(keys).load("standing") == plain["standing"]


def test_what_was_not_made_is_written_over_and_cleared_away(
    keys: Path, plain: dict[str, bytes], tmp_path: Path
) -> None:
    (keys / MOVING).mkdir()
    (keys / MOVING / "ledger.key").write_bytes(plain["ledger"])
    os.link(keys / MOVING / "ledger.key", tmp_path / "ledger")
    for _ in range(2):  # again is a no-op
        settle_move(keys)
        assert sorted(path.name for path in keys.iterdir()) == ["ledger.key", "standing.key", "tables.key"]
    left = (tmp_path / "ledger").read_bytes()
    assert (len(left), left == plain["ledger"]) == (len(plain["ledger"]), False)
    assert (keys / "ledger.key").read_bytes() == plain["ledger"]


def test_what_was_made_is_finished_with_the_note_of_how_it_rests_last(keys: Path, plain: dict[str, bytes]) -> None:
    """Whoever is interrupted again has files of two kinds, and a note that is not yet of the new one."""
    assert not is_unsettled(keys)
    (keys / MOVED).mkdir()
    for name in (REST, "zz.key"):
        (keys / MOVED / name).write_bytes(b"new")
    (keys / "zz.key").mkdir()  # it cannot be written over
    with pytest.raises(OSError):
        settle_move(keys)
    assert is_unsettled(keys)
    assert rest_of(keys) == FileRest()
    (keys / "zz.key").rmdir()
    settle_move(keys)
    assert not is_unsettled(keys)
    assert ((keys / "zz.key").read_bytes(), (keys / REST).read_bytes()) == (b"new", b"new")


@pytest.mark.parametrize("target", ["passphrase", "file"])
def test_a_crash_anywhere_leaves_the_old_set_or_the_new_one_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    first, second = quick_passphrase(), quick_passphrase(b"another long passphrase")
    new: KeySeal = second if target == "passphrase" else PlainSeal()
    outcomes = set()
    for crash_at in range(1, 1_000):
        directory = tmp_path / str(crash_at)
        keys = directory / "keys"
        files = KeyFiles(keys)
        files.prepare()
        plain = {name: files.create(name) for name in (LEDGER, "standing")}
        move_keys(keys, PlainSeal(), first)
        with monkeypatch.context() as patch:
            crash = _crash_at(patch, crash_at)
            try:
                move_keys(keys, first, new)
            except KeyboardInterrupt:
                pass
            else:
                assert crash_at > 15  # or nothing was tried
                assert outcomes == {first.rest, new.rest}
                return
            assert crash() >= crash_at
        if (keys / MOVED).exists():
            with pytest.raises(KeyFileError, match=r"interrupted|not the one|as another"):
                KeyFiles(keys, first).load(LEDGER)
        found = unlock(directory, PASSPHRASE, settles=True) if not _is(new, directory) else unlock(
            directory, b"another long passphrase", settles=True
        )  # fmt: skip
        assert {name: found.load(name) for name in found.names()} == plain
        assert not (keys / MOVED).exists()
        assert not (keys / MOVING).exists()
        outcomes.add(found.seal.rest)
    raise AssertionError("it never came to an end")


def _is(new: KeySeal, directory: Path) -> bool:
    """Whether the move was made, as whoever comes next finds."""
    return (directory / "keys" / MOVED).exists() or rest_of(directory / "keys") == new.rest


def _crash_at(patch: pytest.MonkeyPatch, step: int) -> Callable[[], int]:
    """From the step-th change of the disk on there are none: as after kill -9."""
    steps = 0

    def stopping(change: Callable[..., object]) -> Callable[..., object]:
        def counted(*arguments: object, **named: object) -> object:
            nonlocal steps
            steps += 1
            if steps >= step:
                raise KeyboardInterrupt
            return change(*arguments, **named)

        return counted

    for name in ("write", "fsync"):
        patch.setattr(os, name, stopping(getattr(os, name)))
    for name in ("mkdir", "rename", "unlink", "rmdir"):
        patch.setattr(Path, name, stopping(getattr(Path, name)))
    return lambda: steps

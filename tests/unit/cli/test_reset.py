"""`ringfence reset` forgets what is ours, asks first, and touches nothing else."""

from pathlib import Path

import pytest

from ringfence.roles.installation_lock import InstallationLock, LoneRoleLock

DATA = ".local/share/ringfence"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / DATA
    (folder / "kms" / "keys").mkdir(parents=True)
    (folder / "kms" / "keys" / "standing").write_text("key")
    (folder / "run").mkdir()
    (folder / "ringfence.db").write_text("rows")
    (folder / "ringfence.db-wal").write_text("rows")
    (folder / "ringfence.db.before-0002").write_text("rows")
    (folder / "notes.txt").write_text("mine")
    return folder


@pytest.mark.parametrize("answer", ["n\n", "\n", ""])
def test_without_a_yes_nothing_is_deleted(ringfence, data: Path, answer: str) -> None:
    done = ringfence("reset", answer=answer)
    assert done.returncode != 0
    assert (data / "ringfence.db").exists()


def test_with_a_yes_all_that_is_ours_goes_and_only_that(ringfence, data: Path) -> None:
    done = ringfence("reset", answer="y\n")
    assert done.returncode == 0, done.stderr
    assert [path.name for path in data.iterdir()] == ["notes.txt"]


def test_the_flag_answers_beforehand(ringfence, data: Path) -> None:
    assert ringfence("reset", "--yes").returncode == 0
    assert ringfence("reset", "--yes").stdout == f"nothing to reset in {data}\n"


def test_a_running_installation_is_not_reset(ringfence, data: Path) -> None:
    lock = InstallationLock(data)
    lock.take()
    done = ringfence("reset", "--yes")
    lock.drop()
    assert done.returncode == 1
    assert "is up" in done.stderr
    assert (data / "ringfence.db").exists()


def test_an_installation_with_a_role_that_runs_alone_is_not_reset(ringfence, data: Path) -> None:
    lock = LoneRoleLock(data, "kms")
    lock.take()
    done = ringfence("reset", "--yes")
    lock.drop()
    assert done.returncode == 1
    assert "kms runs alone" in done.stderr
    assert (data / "ringfence.db").exists()


def test_profile_and_authority_go_too(ringfence, data: Path, tmp_path: Path) -> None:
    profile = tmp_path / ".config/ringfence/profiles/default.toml"
    profile.parent.mkdir(parents=True)
    profile.write_text("")
    authority = profile.with_suffix("")
    authority.mkdir()
    (authority / "authority.pem").write_text("")
    ringfence("reset", "--yes")
    assert not profile.exists()
    assert not authority.exists()

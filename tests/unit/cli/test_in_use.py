"""Where an installation that is up answers is known to the commands that look for it, and to nobody else."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from ringfence.cli.in_use import as_it_runs, folder_in_use, forget_in_use, note_in_use
from ringfence.roles.installation_lock import InstallationLock
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path


@pytest.fixture
def locks() -> Iterator[list[InstallationLock]]:
    held: list[InstallationLock] = []
    yield held
    for lock in held:
        lock.drop()


def up(home: Path, name: str, locks: list[InstallationLock], **more: object) -> Settings:
    settings = replace(Settings(data_dir=home / name, port=5_000), **more)
    lock = InstallationLock(settings.data_dir)
    settings.data_dir.mkdir(parents=True)
    lock.take()
    locks.append(lock)
    note_in_use(settings)
    return settings


def test_the_port_that_was_taken_is_found(home: Path, locks: list[InstallationLock]) -> None:
    running = up(home, "data", locks, port=4_321, hosts=("127.0.0.1",), database_url="postgresql:///x")
    asked = Settings(data_dir=home / "data")
    assert as_it_runs(asked, None) == running
    assert as_it_runs(replace(asked, port=7), 7).port == 7


def test_a_note_is_for_its_owner_alone_and_goes_with_the_installation(
    home: Path, locks: list[InstallationLock]
) -> None:
    settings = up(home, "data", locks)
    (note,) = (home / "config" / "ringfence" / "in-use").iterdir()
    assert note.stat().st_mode & 0o777 == 0o600
    assert note.parent.stat().st_mode & 0o777 == 0o700
    forget_in_use(settings.data_dir)
    forget_in_use(settings.data_dir)
    assert not note.exists()


def test_what_a_killed_up_left_behind_says_nothing(home: Path, locks: list[InstallationLock]) -> None:
    up(home, "data", locks, port=4_321)
    locks.pop().drop()
    asked = Settings(data_dir=home / "data")
    assert as_it_runs(asked, None) == asked
    assert folder_in_use(home / "other") == home / "other"


def test_a_broken_note_is_none(home: Path, locks: list[InstallationLock]) -> None:
    up(home, "data", locks)
    (note,) = (home / "config" / "ringfence" / "in-use").iterdir()
    note.write_text("{")
    asked = Settings(data_dir=home / "data")
    assert as_it_runs(asked, None) == asked


def test_the_one_that_is_up_elsewhere_is_meant(home: Path, locks: list[InstallationLock]) -> None:
    default = home / "default"
    assert folder_in_use(default) == default
    up(home, "one", locks)
    assert folder_in_use(default) == home / "one"
    up(home, "two", locks)
    with pytest.raises(RefusalError, match="several are up") as refusal:
        folder_in_use(default)
    assert refusal.value.cure == "name one: --data DIR"
    up(home, "default", locks)
    assert folder_in_use(default) == default


def test_a_password_is_not_written_down(home: Path, locks: list[InstallationLock]) -> None:
    secret = "postgresql://me:hush@db/ringfence"
    up(home, "data", locks, database_url=secret)
    (note,) = (home / "config" / "ringfence" / "in-use").iterdir()
    assert "hush" not in note.read_text()
    with pytest.raises(RefusalError) as refusal:
        as_it_runs(Settings(data_dir=home / "data"), None)
    assert refusal.value.cure == "set RINGFENCE_DATABASE_URL here too"
    assert as_it_runs(Settings(data_dir=home / "data", database_url=secret), None).database_url == secret

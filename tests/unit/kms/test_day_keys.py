"""The dispatcher's key of a day: one a day, found again after a restart, and refused once it is destroyed."""

from pathlib import Path

import pytest

from ringfence.domain.clock import ManualClock
from ringfence.kms.day_keys import DayKeys
from ringfence.kms.key_files import KeyFiles, day_file
from ringfence.ports.keys import KeyRefusedError

DAY_MS = 86_400_000
TODAY = 19_700
AC, KEY = "AC" + "a" * 32, b"k" * 32


@pytest.fixture
def files(tmp_path: Path) -> KeyFiles:
    files = KeyFiles(tmp_path / "keys")
    files.prepare()
    return files


@pytest.fixture
def days(files: KeyFiles, at_noon: ManualClock) -> DayKeys:
    return DayKeys(files, at_noon)


def test_a_days_key_is_made_when_it_is_first_needed_and_is_the_same_after_that(days: DayKeys) -> None:
    assert days.days() == []
    sealed = days.today().seal_epoch(AC, 1, KEY)
    assert days.today().day == TODAY
    assert days.today().open_epoch(AC, 1, sealed) == KEY
    assert days.of(TODAY) is days.today()
    assert days.days() == [TODAY]


def test_after_a_restart_each_day_opens_what_was_sealed_on_it(
    days: DayKeys, files: KeyFiles, at_noon: ManualClock
) -> None:
    sealed = []
    for _ in range(3):
        sealed.append(days.today().seal_epoch(AC, 1, KEY))
        at_noon.advance(DAY_MS)
    again = DayKeys(files, at_noon)
    again.load()
    assert again.days() == [TODAY, TODAY + 1, TODAY + 2]
    for day, box in enumerate(sealed, TODAY):
        assert again.of(day).day == day
        assert again.of(day).open_epoch(AC, 1, box) == KEY


def test_a_day_is_past_from_the_next_midnight_on(days: DayKeys, at_noon: ManualClock) -> None:
    days.today()
    at_noon.advance(DAY_MS // 2 - 1)
    assert days.past() == []
    at_noon.advance(1)
    assert days.past() == [TODAY]
    days.today()
    assert (days.past(), days.days()) == ([TODAY], [TODAY, TODAY + 1])


def test_a_destroyed_key_is_gone_from_memory_and_disk_and_refused(days: DayKeys, files: KeyFiles) -> None:
    days.today()
    for _ in range(2):  # again is a no-op
        days.destroy(TODAY)
        assert (days.days(), files.names()) == ([], [])
        with pytest.raises(KeyRefusedError, match=r"^the dispatcher's key of that day is destroyed$"):
            days.of(TODAY)


def test_what_cannot_be_destroyed_is_still_held(days: DayKeys, files: KeyFiles, tmp_path: Path) -> None:
    days.today()
    path = tmp_path / "keys" / f"{day_file(TODAY)}.key"
    key = path.read_bytes()
    path.unlink()
    path.mkdir()  # what no file can be written over
    with pytest.raises(OSError):
        days.destroy(TODAY)
    assert days.of(TODAY) is days.today()
    path.rmdir()
    path.write_bytes(key)
    days.destroy(TODAY)
    assert files.names() == []

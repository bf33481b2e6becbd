"""The days' keys that codes are derived from: one a day, the same after a restart, gone with the day's last code."""

import hmac
from pathlib import Path

import pytest
from tests.unit.kms.conftest import DAY_MS, NOON_MS

from ringfence.domain.clock import ManualClock
from ringfence.domain.verification_code import LIFE_MS
from ringfence.kms.key_files import VERIFICATION, KeyFiles, day_file
from ringfence.kms.verification_keys import VerificationKeys

TODAY = NOON_MS // DAY_MS


@pytest.fixture
def files(tmp_path: Path) -> KeyFiles:
    found = KeyFiles(tmp_path / "keys")
    found.prepare()
    return found


@pytest.fixture
def keys(files: KeyFiles, at_noon: ManualClock) -> VerificationKeys:
    return VerificationKeys(files, at_noon)


def test_a_day_has_one_key_which_is_read_and_hashed_once(keys: VerificationKeys, files: KeyFiles) -> None:
    assert keys.of(TODAY) is None
    day, key = keys.today()
    assert (day, key.key) == (TODAY, files.load(day_file(TODAY, VERIFICATION)))
    assert key.hashed.digest(b"code") == hmac.digest(key.key, b"code", "sha256")
    assert keys.today() == (day, key)
    assert keys.of(TODAY) is key


def test_a_restart_finds_the_keys_that_there_are(keys: VerificationKeys, files: KeyFiles, at_noon: ManualClock) -> None:
    _, yesterdays = keys.today()
    at_noon.advance(DAY_MS)
    _, todays = keys.today()
    files.create(day_file(TODAY))  # the dispatcher's, which is none of these
    again = VerificationKeys(files, at_noon)
    again.load()
    for day, key in ((TODAY, yesterdays), (TODAY + 1, todays)):
        found = again.of(day)
        assert found is not None
        assert found.key == key.key
    assert todays.key != yesterdays.key


def test_yesterdays_key_is_there_until_yesterdays_last_code_has_expired(
    keys: VerificationKeys, files: KeyFiles, at_noon: ManualClock
) -> None:
    _, yesterdays = keys.today()
    at_noon.advance(DAY_MS // 2 + LIFE_MS - 1)
    keys.today()
    keys.destroy_past()
    assert keys.of(TODAY) is yesterdays
    at_noon.advance(1)
    keys.destroy_past()
    keys.destroy_past()
    assert keys.of(TODAY) is None
    assert files.names() == [day_file(TODAY + 1, VERIFICATION)]

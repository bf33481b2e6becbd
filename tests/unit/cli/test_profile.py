"""Dev credentials for the command line: outside the data folder, and their owner's alone."""

from pathlib import Path

import pytest

from ringfence.cli.profile import forget_profile, keep_profile, profile_path, read_profile
from ringfence.roles.credentials import Credentials
from ringfence.roles.settings import Settings

PROFILE = Credentials(account_sid="AC1", auth_token='to"ken', api_key="SK1", api_secret="secret")


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return Settings()


def test_what_is_kept_is_read_back(settings: Settings) -> None:
    assert read_profile(settings) is None
    keep_profile(settings, PROFILE)
    keep_profile(settings, PROFILE)
    assert read_profile(settings) == PROFILE


def test_it_lies_outside_the_data_folder_with_mode_0600(settings: Settings, tmp_path: Path) -> None:
    path = keep_profile(settings, PROFILE)
    assert path == tmp_path / "config/ringfence/profiles/default.toml"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_each_data_folder_has_its_own(settings: Settings) -> None:
    other, third = (Settings(data_dir=Path(folder)) for folder in ("/srv/one", "/srv/two"))
    assert len({profile_path(settings), profile_path(other), profile_path(third)}) == 3
    keep_profile(other, PROFILE)
    assert read_profile(third) is None


@pytest.mark.parametrize("text", ["", "account_sid = ", "account_sid = 4"])
def test_a_broken_profile_is_as_good_as_none(settings: Settings, text: str) -> None:
    keep_profile(settings, PROFILE).write_text(text)
    assert read_profile(settings) is None


def test_forgetting_twice_is_a_no_op(settings: Settings) -> None:
    keep_profile(settings, PROFILE)
    forget_profile(settings)
    forget_profile(settings)
    assert read_profile(settings) is None


def test_secrets_do_not_show_in_a_repr() -> None:
    assert repr(PROFILE) == "Credentials(AC1)"

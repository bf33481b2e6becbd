"""Settings: where they come from, which wins, and how a wrong one is refused."""

from pathlib import Path

import pytest

from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings, decode, default_data_dir, encode
from ringfence.roles.settings_sources import load_settings


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "some.toml"
    path.write_text(text)
    return path


def test_defaults_are_a_private_installation_on_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/somewhere")
    settings = load_settings(environment={})
    assert settings.data_dir == Path("/somewhere/ringfence")
    assert (settings.mode, settings.hosts, settings.port) == ("dev", ("127.0.0.1", "::1"), 8420)
    assert settings.url == "http://localhost:8420"


def test_without_an_absolute_xdg_data_home_data_lies_under_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    for value in ("", "relative"):
        monkeypatch.setenv("XDG_DATA_HOME", value)
        assert default_data_dir() == Path("/home/ada/.local/share/ringfence")


def test_flags_win_over_environment_over_file_over_defaults(tmp_path: Path) -> None:
    config = written(tmp_path, 'port = 1\nlog_level = "error"\nmode = "dev"\n')
    environment = {"RINGFENCE_PORT": "2", "RINGFENCE_LOG_LEVEL": "debug"}
    settings = load_settings(config, environment, port=3, log_level=None)
    assert (settings.port, settings.log_level, settings.mode) == (3, "debug", "dev")


def test_the_file_is_the_named_one_or_the_one_beside(tmp_path: Path) -> None:
    (tmp_path / "ringfence.toml").write_text("port = 11")
    assert load_settings(environment={}).port == 11
    other = written(tmp_path, "port = 12")
    assert load_settings(environment={"RINGFENCE_CONFIG": str(other)}).port == 12
    (tmp_path / "third.toml").write_text("port = 13")
    assert load_settings(tmp_path / "third.toml", {"RINGFENCE_CONFIG": str(other)}).port == 13


def test_lists_in_the_environment_are_separated_by_commas() -> None:
    assert load_settings(environment={"RINGFENCE_HOSTS": "10.0.0.1,::"}).hosts == ("10.0.0.1", "::")


def test_an_empty_variable_is_as_good_as_none() -> None:
    assert load_settings(environment={"RINGFENCE_PORT": ""}).port == 8420


def test_a_relative_data_folder_becomes_absolute(tmp_path: Path) -> None:
    assert load_settings(environment={}, data_dir=Path("here")).data_dir == tmp_path / "here"


@pytest.mark.parametrize(
    ("text", "line", "cause"),
    [
        ('mode = "dev"\n\nprot = 8420\n', 3, "unknown setting 'prot'"),
        ('# a remark\nport = "8420"\n', 2, "port: Expected `int`, got `str`"),
        ("log_level = 'info'\nport = 70000\n", 2, "port: Expected `int` <= 65535"),
        ('hosts = ["::1", 4]\n', 1, "hosts: Expected `str`, got `int`"),
        ("[carriers]\nx = 1\n", 1, "unknown setting 'carriers'"),
    ],
)
def test_a_wrong_line_is_refused_with_its_number_and_cause(tmp_path: Path, text: str, line: int, cause: str) -> None:
    config = written(tmp_path, text)
    with pytest.raises(RefusalError) as refused:
        load_settings(config, {})
    assert refused.value.cause == f"{config}:{line}: {cause}"
    assert refused.value.exit_code == 2


@pytest.mark.parametrize("text", ["port = ", b"port = 1 # \xff"])
def test_a_file_that_is_not_toml_is_refused_by_name(tmp_path: Path, text: str | bytes) -> None:
    config = tmp_path / "some.toml"
    config.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(RefusalError, match=r"some\.toml"):
        load_settings(config, {})


def test_a_missing_file_that_was_named_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusalError, match=r"absent\.toml: No such file"):
        load_settings(tmp_path / "absent.toml", {})


def test_a_wrong_variable_is_refused_by_its_name() -> None:
    with pytest.raises(RefusalError, match="RINGFENCE_PORT: port: Expected `int`"):
        load_settings(environment={"RINGFENCE_PORT": "x"})


@pytest.mark.parametrize(
    ("flags", "cause"),
    [
        ({"mode": "production"}, "base_url: needed in production"),
        ({"mode": "production", "base_url": "https://a.example", "clock": "+1h"}, "clock: cannot be moved"),
        ({"base_url": "localhost:8420"}, "base_url: 'localhost:8420' is not a URL"),
        ({"base_url": "https://user:pass@a.example"}, "is not a URL"),
        ({"clock": "tomorrow"}, "clock: 'tomorrow' is not a time"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(flags: dict[str, str], cause: str) -> None:
    with pytest.raises(RefusalError, match=cause):
        load_settings(environment={}, **flags)


def test_the_url_has_no_slash_at_its_end() -> None:
    assert load_settings(environment={}, base_url="https://sms.example/").url == "https://sms.example"
    assert load_settings(environment={}, port=9000).url == "http://localhost:9000"


def test_settings_reach_a_child_whole(tmp_path: Path) -> None:
    settings = load_settings(environment={}, data_dir=tmp_path, port=5, clock="+1h")
    assert decode(encode(settings)) == settings


def test_each_role_finds_its_places_under_the_data_folder() -> None:
    settings = Settings(data_dir=Path("/srv/r"))
    assert settings.database == Path("/srv/r/ringfence.db")
    assert settings.kms_dir == Path("/srv/r/kms")
    assert settings.socket("kms-api") == Path("/srv/r/run/kms-api.sock")


def test_keys_of_another_installation_are_reached_in_its_folder_and_all_else_in_ones_own(tmp_path: Path) -> None:
    environment = {"RINGFENCE_KEYS_FROM": "there", "RINGFENCE_DATABASE_URL": "postgresql:///ringfence"}
    settings = load_settings(None, environment, data_dir=tmp_path / "here")
    assert not settings.owns_keys
    assert settings.socket("kms-api") == tmp_path / "there/kms-api.sock"
    assert settings.socket("simulator").parent == settings.clock_file.parent == tmp_path / "there"
    assert settings.socket("wake").parent == settings.run_dir == tmp_path / "here/run"
    with pytest.raises(RefusalError, match="share a database"):
        load_settings(environment=environment | {"RINGFENCE_DATABASE_URL": ""})


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ('smtp_url = "mail.example"', "smtp_url"),
        ('smtp_url = "smtp://mail.example"', "mail_from"),
        ('smtp_url = "smtp://mail.example"\nmail_from = "codes"', "mail_from"),
    ],
)
def test_a_relay_for_mail_needs_a_url_and_a_sender(tmp_path: Path, text: str, cause: str) -> None:
    with pytest.raises(RefusalError, match=f"^{cause}"):
        load_settings(written(tmp_path, text), {})


def test_a_relays_password_is_in_no_refusal_and_not_shown(tmp_path: Path) -> None:
    with pytest.raises(RefusalError) as refusal:
        load_settings(written(tmp_path, 'smtp_url = "smtp://codes:hidden@mail.example/inbox"'), {})
    assert "hidden" not in f"{refusal.value}{refusal.value.cause}{refusal.value.cure}"
    text = 'smtp_url = "smtps://codes:hidden@mail.example"\nmail_from = "codes@example.com"'
    assert "hidden" not in repr(load_settings(written(tmp_path, text), {}))

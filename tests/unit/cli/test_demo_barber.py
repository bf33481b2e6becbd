"""What `ringfence demo barber` does when it cannot run. With a running installation: tests/clients."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from ringfence.cli import barber_program
from ringfence.cli.barber_program import BarberProgram, program_folder
from ringfence.cli.profile import keep_profile
from ringfence.roles.credentials import Credentials
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings_sources import load_settings

CREDENTIALS = {"account_sid": "AC" + "0" * 32, "auth_token": "0" * 32}
PARTIES = {"shop": "+12025550123", "customer": "+12025550177"}


@pytest.fixture
def program() -> Any:
    program = BarberProgram(api_url="http://127.0.0.1:1", **CREDENTIALS, **PARTIES)
    yield program
    program.stop()


def test_it_is_on_the_list_of_demos(ringfence) -> None:
    assert "barber  A barber's reminder goes out, Confirm comes back" in ringfence("demo").stdout


def test_without_an_installation_it_tells_how_to_start_one(ringfence) -> None:
    ran = ringfence("demo", "barber")
    assert ran.returncode == 1
    assert ran.stderr == "error: no ringfence was started here yet → start it in another terminal: ringfence up\n"


def test_production_has_no_phones(ringfence) -> None:
    ran = ringfence("demo", "barber", RINGFENCE_MODE="production", RINGFENCE_BASE_URL="https://text.example")
    assert "production has none" in ran.stderr


def test_an_installation_that_is_down_is_named(ringfence, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tmp_path / "data"
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    keep_profile(load_settings(data_dir=data), Credentials(**CREDENTIALS, api_key="SK" + "0" * 32, api_secret="0" * 32))
    ran = ringfence("demo", "barber", "--data", str(data), "--port", "1")
    assert ran.returncode == 1
    assert "nothing answers at http://localhost:1" in ran.stderr
    assert "ringfence up" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_the_program_is_found_in_a_checkout() -> None:
    assert (program_folder() / "app.py").is_file()


def test_missing_packages_are_named_with_the_command_that_installs_them(
    program: BarberProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        barber_program.importlib.util, "find_spec", lambda name: None if name == "twilio" else found(name)
    )
    with pytest.raises(RefusalError) as refused:
        program.start()
    assert refused.value.cause == "the example program needs twilio"
    assert refused.value.cure.endswith("-m pip install -r " + str(program_folder() / "requirements.txt"))


def test_a_system_without_time_zones_needs_tzdata(monkeypatch: pytest.MonkeyPatch) -> None:
    assert barber_program.missing_packages() == []
    monkeypatch.setattr(barber_program, "SHOP_ZONE", "Nowhere/Else")
    assert barber_program.missing_packages() == ["tzdata"]


def test_the_program_serves_until_it_is_stopped_and_leaves_nothing(program: BarberProgram) -> None:
    scratch = Path(program._scratch.name)
    assert not program.running
    program.start()
    program.job("book")
    assert program.running
    assert (scratch / "barber.db").exists()
    program.stop()
    program.stop()
    assert not program.running
    assert not scratch.exists()


def test_a_job_that_fails_ends_the_demo(program: BarberProgram, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RefusalError, match="job paint failed"):
        program.job("paint")
    assert "No such command 'paint'" in capfd.readouterr().err

"""The commands, and what becomes of an error."""

import re

import pytest

import ringfence as package
from ringfence.roles.installation_lock import InstallationLock


def test_the_version_is_the_packages(ringfence_process) -> None:
    done = ringfence_process("version")
    assert (done.stdout, done.stderr, done.returncode) == (f"ringfence {package.__version__}\n", "", 0)


def test_the_version_is_also_where_other_programs_have_it(ringfence) -> None:
    done = ringfence("--version")
    assert (done.stdout, done.returncode) == (f"ringfence {package.__version__}\n", 0)


def test_every_command_says_what_it_does(ringfence) -> None:
    text = ringfence("--help").stdout
    for command in ("init", "role", "reset", "demo", "doctor", "version"):
        assert f" {command} " in text


@pytest.mark.parametrize("command", ["", "up", "blast", "account", "account create", "doctor signature", "keys rotate"])
def test_a_switch_takes_no_value_and_its_help_says_none(ringfence, command: str) -> None:
    text = ringfence(*command.split(), "--help").stdout
    assert "--help" in text
    assert "bool" not in text.lower()
    if command == "blast":
        # What takes one says so.
        assert re.search(r"--html +FILE ", text)
        assert re.search(r"--tell +Tell the accounts", text)


def test_a_persons_error_has_cause_and_cure_and_no_traceback(ringfence) -> None:
    done = ringfence("doctor", RINGFENCE_PORT="many")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: RINGFENCE_PORT: port: Expected `int`")
    assert " → " in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_setting_is_refused_with_file_and_line(ringfence, tmp_path) -> None:
    (tmp_path / "ringfence.toml").write_text("# mine\nports = 1\n")
    done = ringfence("doctor")
    assert done.returncode == 2
    assert "ringfence.toml:2: unknown setting 'ports'" in done.stderr


def test_an_unknown_role_or_demo_names_those_there_are(ringfence) -> None:
    assert "kms, simulator, dispatcher, api" in ringfence("role", "cook").stderr
    assert "no demo is called 'cook'" in ringfence("demo", "cook").stderr


def test_nothing_is_coloured_where_nobody_looks(ringfence) -> None:
    done = ringfence("role", "cook")
    assert "\x1b" not in done.stdout + done.stderr


def test_a_role_is_refused_where_up_runs_it_already(ringfence_process, tmp_path) -> None:
    lock = InstallationLock(tmp_path / ".local/share/ringfence")
    lock.take()
    done = ringfence_process("role", "kms")
    lock.drop()
    assert done.returncode == 1
    assert "error: ringfence is already up on" in done.stderr

"""The units for systemd are ones that systemd takes, bring back whatever ended, and keep the roles apart."""

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ringfence.roles.process import ROLES
from ringfence.roles.settings_sources import load_settings

FOLDER = Path(__file__).parents[2] / "deploy/systemd"
UNITS = sorted(FOLDER.rglob("*.service"))
OF_ROLES = sorted((FOLDER / "roles").glob("*.service"))


def read(path: Path) -> configparser.ConfigParser:
    unit = configparser.ConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read_string(path.read_text())
    return unit


def environment(path: Path) -> dict[str, str]:
    """What a unit sets, as its process sees it."""
    return dict(line.split("=", 1) for line in re.findall(r"^Environment=(.*)$", path.read_text(), re.MULTILINE))


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_it_is_started_again_however_it_ended_and_however_often(path: Path) -> None:
    unit = read(path)
    assert unit["Service"]["Restart"] == "always"
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"
    assert unit["Service"]["LimitCORE"] == "0"
    assert unit["Service"]["NoNewPrivileges"] == "yes"


def test_the_supervisor_alone_is_told_to_end() -> None:
    assert read(FOLDER / "ringfence.service")["Service"]["KillMode"] == "mixed"


@pytest.mark.parametrize("path", OF_ROLES, ids=lambda path: path.name)
def test_a_roles_unit_runs_a_role_with_settings_that_hold_as_a_user_that_is_made(path: Path) -> None:
    service = read(path)["Service"]
    (role,) = re.findall(r" role (\w+) ", service["ExecStart"])
    assert role in ROLES
    assert f"--data /var/lib/{service['User']}" in service["ExecStart"]
    assert service["StateDirectory"] == service["User"]
    assert re.search(rf"^u {service['User']} ", (FOLDER / "roles/ringfence.sysusers").read_text(), re.MULTILINE)
    settings = load_settings(None, environment(path))
    assert settings.owns_keys == (role == "kms")


def test_roles_are_different_users_and_each_has_its_own_socket_of_the_key_service() -> None:
    users = {path.stem: read(path)["Service"]["User"] for path in OF_ROLES}
    assert users.pop("ringfence-media") == users["ringfence-voice"]
    assert len(set(users.values())) == len(users)
    keys = FOLDER / "roles/ringfence-keys.service"
    allowed = load_settings(None, environment(keys)).key_users
    assert set(allowed) == {
        "kms-api=ringfence_api",
        "kms-console=ringfence_console",
        "kms-dispatcher=ringfence_dispatcher",
        "kms-dispatcher=ringfence_voice",
    }
    assert read(keys)["Service"]["RestrictAddressFamilies"] == "AF_UNIX"
    made = re.findall(r"^CREATE ROLE (\w+)", (FOLDER.parent / "postgresql/roles.sql").read_text(), re.MULTILINE)
    # The server lets a Unix user in as the database role of the same name.
    assert {"ringfence_api", "ringfence_dispatcher", "ringfence_voice", "ringfence_console"} <= set(made)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd")
def test_systemd_finds_no_fault_in_them(tmp_path: Path) -> None:
    for path in UNITS:
        (tmp_path / path.name).write_text(path.read_text().replace("/opt/ringfence/bin/ringfence", "/bin/true"))
    copies = sorted(tmp_path.glob("*.service"))
    found = subprocess.run(["systemd-analyze", "verify", *copies], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr) == (0, "")

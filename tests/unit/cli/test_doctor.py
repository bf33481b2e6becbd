"""`ringfence doctor`: each check passes on a sound machine, and tells the cure on an unsound one."""

from pathlib import Path

import pytest

from ringfence.carriers.sip.trunk import Trunk
from ringfence.cli import doctor
from ringfence.cli.doctor import Finding, examine
from ringfence.roles.installation_lock import InstallationLock, LoneRoleLock
from ringfence.roles.listeners import bind
from ringfence.roles.settings import Settings


def finding(settings: Settings, subject: str) -> Finding:
    return next(each for each in examine(settings) if each.subject == subject)


def test_a_sound_machine_needs_no_cure(ringfence) -> None:
    done = ringfence("doctor", "--port", "0")
    assert done.returncode == 0, done.stdout
    assert all(line.startswith("✓") for line in done.stdout.splitlines())


def test_a_busy_port_is_found_with_the_way_out(ringfence) -> None:
    listeners = bind(["127.0.0.1"], 0)
    port = listeners[0].getsockname()[1]
    done = ringfence("doctor", "--port", str(port))
    listeners[0].close()
    assert done.returncode == 1
    assert f"✗ port         port {port} busy" in done.stdout
    assert "error: 1 of 16 checks failed" in done.stderr


def test_the_port_of_a_running_installation_is_its_own(tmp_path: Path) -> None:
    lock = InstallationLock(tmp_path)
    lock.take()
    assert "ringfence is up" in finding(Settings(data_dir=tmp_path), "port").found
    lock.drop()


def test_so_is_the_port_of_an_api_that_runs_alone(tmp_path: Path) -> None:
    lock = LoneRoleLock(tmp_path, "api")
    lock.take()
    assert "its api runs alone" in finding(Settings(data_dir=tmp_path), "port").found
    lock.drop()


@pytest.mark.parametrize(("subject", "setting"), [("consoles", "console_port"), ("key origin", "keys_port")])
def test_a_busy_port_of_pages_is_told_and_hinders_production_alone(tmp_path: Path, subject: str, setting: str) -> None:
    (listener,) = bind(["127.0.0.1"], 0)
    port = {setting: listener.getsockname()[1]}
    dev = finding(Settings(data_dir=tmp_path, **port), subject)
    live = finding(Settings(data_dir=tmp_path, mode="production", **port), subject)
    listener.close()
    assert ("busy" in dev.found, "a free one is taken instead" in dev.found, dev.cure) == (True, True, "")
    assert ("busy" in live.found, setting in live.cure) == (True, True)
    assert "free" in finding(Settings(data_dir=tmp_path, **port), subject).found


def test_a_misspelt_variable_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RINGFENCE_PROT", "1")
    assert finding(Settings(data_dir=tmp_path), "environment").found == "RINGFENCE_PROT: no such setting"


def test_a_data_folder_open_to_others_is_found(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    assert finding(Settings(data_dir=tmp_path), "data folder").cure == f"chmod 700 {tmp_path}"
    tmp_path.chmod(0o700)
    assert finding(Settings(data_dir=tmp_path), "data folder").cure == ""


def test_a_full_disk_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(doctor, "FREE_DISK_MIN_MB", 1 << 40)
    assert finding(Settings(data_dir=tmp_path), "disk").cure == "make room"


def test_phones_that_the_network_can_reach_are_found(tmp_path: Path) -> None:
    opened = Settings(data_dir=tmp_path, hosts=("0.0.0.0", "127.0.0.2"), port=0)
    assert finding(opened, "addresses").found == "0.0.0.0: anyone there can use the phones"
    assert finding(Settings(data_dir=tmp_path), "addresses").cure == ""


def test_a_clock_that_was_never_set_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(doctor, "EARLIEST_PLAUSIBLE_YEAR", 9999)
    assert finding(Settings(data_dir=tmp_path), "clock").cure == "set the machine's clock"


def test_production_without_a_carrier_is_found(tmp_path: Path) -> None:
    production = Settings(data_dir=tmp_path, mode="production", base_url="https://sms.example")
    assert finding(production, "carrier").cure == 'mode = "dev"'
    assert finding(Settings(data_dir=tmp_path), "carrier").cure == ""


def test_trunks_are_named_and_a_password_that_is_not_there_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert finding(Settings(data_dir=tmp_path), "trunks").cure == ""
    trunk = Trunk(name="carrier", host="sip.example", username="4930", password="env:CARRIER_PASSWORD")
    monkeypatch.delenv("CARRIER_PASSWORD", raising=False)
    missing = finding(Settings(data_dir=tmp_path, trunk=(trunk,)), "trunks")
    assert "CARRIER_PASSWORD" in missing.found
    assert missing.cure
    monkeypatch.setenv("CARRIER_PASSWORD", "hunter2")
    found = finding(Settings(data_dir=tmp_path, trunk=(trunk,)), "trunks")
    assert (found.found, found.cure) == ("carrier", "")


@pytest.mark.parametrize("path", [None, "/usr/bin/chromium"])
def test_a_browser_is_never_needed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, path: str | None) -> None:
    monkeypatch.setattr(doctor.shutil, "which", lambda _name: path)
    found = finding(Settings(data_dir=tmp_path), "chromium")
    assert found.cure == ""
    assert found.found.startswith(path or "absent")


def test_a_mistyped_variable_is_named_with_the_one_that_was_meant(ringfence) -> None:
    done = ringfence("doctor", "--port", "0", RINGFENCE_PROT="1", RINGFENCE_WIDTH_OF_SHIP="2")
    assert done.returncode == 1
    assert (
        "RINGFENCE_PROT, RINGFENCE_WIDTH_OF_SHIP: no such setting → did you mean RINGFENCE_PORT?; `ringfence init`"
        in done.stdout
    )


def test_up_names_a_mistyped_variable_too(ringfence_process) -> None:
    listeners = bind(["127.0.0.1"], 0)
    port = listeners[0].getsockname()[1]
    done = ringfence_process("up", "--port", str(port), RINGFENCE_PROT="1")
    listeners[0].close()
    assert "note: RINGFENCE_PROT is not a setting → did you mean RINGFENCE_PORT?" in done.stderr


def test_a_file_of_authorities_that_is_none_is_found(tmp_path: Path) -> None:
    trunk = Trunk(name="carrier", host="sip.example", transport="tls")
    for name, content in (("absent", None), ("wrong", "no certificate")):
        path = tmp_path / name
        if content is not None:
            path.write_text(content)
        found = finding(Settings(data_dir=tmp_path, trunk=(trunk,), sip_ca=str(path)), "trunks")
        assert found.found.startswith(f"sip_ca: {path}: ")
        assert found.cure == "name a file of certificates in PEM form"
    assert finding(Settings(data_dir=tmp_path, trunk=(trunk,)), "trunks").cure == ""


def test_templates_are_counted_and_a_file_that_is_wrong_is_found(tmp_path: Path) -> None:
    assert finding(Settings(data_dir=tmp_path), "codes").cure == ""
    path = tmp_path / "templates.toml"
    path.write_text('[[template]]\nname = "Ticket"\ntext.en = "{{code}}"\n')
    assert finding(Settings(data_dir=tmp_path, verify_templates=str(path)), "codes").found == "1 template of your own"
    table = tmp_path / "asn.tsv"
    table.write_text("1.0.0.0\t1.0.0.255\t13335\tUS\tCLOUDY\n")
    found = finding(Settings(data_dir=tmp_path, asn_file=str(table)), "codes")
    assert (found.found, found.cure) == ("the templates that everybody has, 1 range of networks", "")
    table.write_text("1.0.0.0\n")
    assert "line 1" in finding(Settings(data_dir=tmp_path, asn_file=str(table)), "codes").found
    path.write_text('[[template]]\nname = "Ticket"\ntext.en = "no place"\n')
    found = finding(Settings(data_dir=tmp_path, verify_templates=str(path)), "codes")
    assert "expected one {{code}}" in found.found
    assert found.cure


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("permit (principal, action, resource", "1 mistake, the first own.cedar:1"),
        ('permit (principal, action == Action::"tenant.sell", resource);', "tenant.sell"),
        ('permit (principal, action in Action::"look", resource);', "nobody may incident.acknowledge, tenant.invite"),
        (
            'permit (principal, action, resource); forbid (principal, action == Action::"thaw", resource);',
            "nobody may thaw; whoever is staff may incident.acknowledge, tenant.invite",
        ),
        ('permit (principal in Role::"support", action, resource) when { context.hour == 3 };', ""),
        (
            'permit (principal in Role::"support", action, resource) when '
            '{ context.persons == 2 && resource is Account && resource.countries == ["DE"] };',
            "",
        ),
    ],
    ids=["mistake", "unknown act", "nobody may", "everybody may", "somebody may at times", "somebody may somewhere"],
)
def test_policies_that_cannot_be_used_or_leave_somebody_out_are_found(tmp_path: Path, text: str, found: str) -> None:
    (tmp_path / "own.cedar").write_text(text)
    looked = finding(Settings(data_dir=tmp_path, staff_policies=str(tmp_path)), "policies")
    assert found in looked.found
    assert bool(looked.cure) is bool(found)


def test_the_policies_that_come_along_need_no_cure(tmp_path: Path) -> None:
    assert finding(Settings(data_dir=tmp_path), "policies") == Finding("policies", "those that come along")

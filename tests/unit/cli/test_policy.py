"""`ringfence policy`: what is wrong with a folder of policies, and who may do what."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from ringfence.console.operator.act_names import Act
from ringfence.console.operator.staff_rows import StaffMember, keep_member
from ringfence.domain.access.staff_role import StaffRole
from ringfence.schema import sqlite_migrate
from ringfence.schema.steps import steps_in

ST = "ST" + "1" * 32


@pytest.fixture
def staff(tmp_path: Path) -> None:
    folder = tmp_path / ".local/share/ringfence/console"
    folder.mkdir(parents=True)
    database = sqlite3.connect(folder / "console.db", isolation_level=None)
    sqlite_migrate.migrate(database, folder / "console.db", steps_in("ringfence.console", "sql"))
    named = {"handle": b"h", "name": "Ada", "made_ms": 1, "active_ms": 1, "invited_by": "", "approved_by": ""}
    keep_member(database, StaffMember(id=ST, roles=(StaffRole.SECURITY,), **named))  # type: ignore[arg-type]
    database.close()


def test_it_tells_which_part_of_staff_may_do_what(ringfence: Any) -> None:
    rows = json.loads(ringfence("policy", "check", "--output", "json").stdout)
    told = {row.pop("act"): row for row in rows}
    assert list(told) == [act.value for act in Act]
    assert told["grant.ask"] == {"support": "yes", "operations": "no", "security": "no"}
    assert told["account.close"] == {"support": "no", "operations": "yes", "security": "confirms"}


def test_a_folder_of_ones_own_is_told_with_its_mistakes(ringfence: Any, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "a.cedar").write_text("permit (principal, action, resource) when { context.hour < 12 };")
    rows = json.loads(ringfence("policy", "check", str(own), "--output", "json").stdout)
    assert {row["support"] for row in rows} == {"at times"}
    (own / "a.cedar").write_text('permit (principal,\n action == Action::"tenant.lok", resource);\npermit();')
    refused = ringfence("policy", "check", "--output", "json", RINGFENCE_STAFF_POLICIES=str(own))
    assert refused.returncode == 2
    told = refused.stdout + refused.stderr
    assert "a.cedar:2: unrecognized action" in told
    assert "a.cedar:3: " in told


@pytest.mark.usefixtures("staff")
def test_it_answers_for_one_person_and_says_by_which_policy(ringfence: Any) -> None:
    may = ringfence("policy", "ask", "--staff", ST, "--act", "staff.invite")
    assert (may.returncode, "security-says-who-is-staff (security.cedar:" in may.stdout + may.stderr) == (0, True)
    for options in (("--act", "grant.ask"), ("--act", "rate.raise"), ("--act", "staff.invite", "--stale")):
        assert ringfence("policy", "ask", "--staff", ST, *options).returncode == 1
    assert ringfence("policy", "ask", "--staff", ST, "--act", "rate.raise", "--confirms").returncode == 0
    nobody = ringfence("policy", "ask", "--staff", "ST2", "--act", "staff.list")
    assert (nobody.returncode, "nobody is staff by that ID" in nobody.stderr) == (1, True)
    assert ringfence("policy", "ask", "--staff", ST, "--act", "tenant.look", "--tenant", "x").returncode == 2


def test_the_schema_is_printed_for_other_tools(ringfence: Any) -> None:
    printed = ringfence("policy", "schema").stdout
    assert 'entity Role enum ["support", "operations", "security"];\n' in printed

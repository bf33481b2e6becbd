"""`ringfence freeze` and `ringfence thaw`, on a real store and a real key service."""

import contextlib
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from ringfence.console.operator.staff_rows import StaffMember, keep_member


@pytest.mark.usefixtures("key_service")
def test_an_account_is_suspended_and_goes_on_and_the_ledger_has_both(ringfence_process: Any) -> None:
    made = ringfence_process("account", "create", "Acme")
    found = re.search(r"AC[0-9a-f]{32}", made.stdout)
    assert found is not None, made.stderr
    frozen = ringfence_process("freeze", "account", found[0])
    assert (frozen.returncode, "suspended" in frozen.stdout) == (0, True), frozen.stderr
    assert "suspended" in ringfence_process("account", "list").stdout
    assert ringfence_process("thaw", "account", found[0]).stdout == "it goes on\n"
    assert "active" in ringfence_process("account", "list").stdout
    told = ringfence_process("ledger", "show", "--account", found[0]).stdout
    assert re.search(r"staff:terminal +note\.freeze", told)
    assert re.search(r"staff:terminal +note\.thaw", told)
    again = ringfence_process("thaw", "account", found[0])
    assert (again.returncode, "is not frozen" in again.stderr) == (1, True)
    # What was not done stands nowhere: no second thaw, and no freeze of a key that there is not.
    assert ringfence_process("freeze", "key", "SK" + "0" * 32).returncode == 1
    told = ringfence_process("ledger", "show").stdout
    assert (told.count("note.thaw"), told.count("note.freeze")) == (1, 1)


def test_a_member_of_staff_whom_nobody_knows_is_refused_and_written_down_nowhere(ringfence_process: Any) -> None:
    refused = ringfence_process("freeze", "staff", "Ada")
    assert (refused.returncode, "nobody is staff by that ID" in refused.stderr) == (1, True), refused.stderr
    assert "note.freeze" not in ringfence_process("ledger", "show", "--account", "operator").stdout


@pytest.mark.usefixtures("key_service")
def test_where_there_is_staff_the_terminal_thaws_alone_only_when_told_so(
    ringfence_process: Any, tmp_path: Path
) -> None:
    assert ringfence_process("freeze", "platform").returncode == 0
    (database,) = tmp_path.rglob("console.db")
    with contextlib.closing(sqlite3.connect(database)) as db, db:
        keep_member(
            db,
            StaffMember(id="ST1", handle=b"h", name="Ada", made_ms=1, active_ms=1, invited_by="", approved_by=""),
        )
    refused = ringfence_process("thaw", "platform")
    assert (refused.returncode, "another confirms it" in refused.stderr) == (1, True), refused.stderr
    assert "note.thaw" not in ringfence_process("ledger", "show").stdout
    assert ringfence_process("thaw", "platform", "--alone").stdout == "it goes on\n"
    assert re.search(r"note\.thaw +platform:platform.* alone", ringfence_process("ledger", "show").stdout)


def test_what_cannot_be_frozen_is_refused_before_anything_starts(ringfence: Any) -> None:
    assert ringfence("freeze", "account").returncode == 2
    assert ringfence("freeze", "platform", "AC1").returncode == 2
    assert ringfence("freeze", "weather").returncode == 2
    refused = ringfence("thaw", "session", "CS1")
    assert (refused.returncode, "signs in anew" in refused.stderr) == (1, True)

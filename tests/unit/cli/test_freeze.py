"""`ringfence freeze` and `ringfence thaw`, on a real store and a real key service."""

import re
from typing import Any


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


def test_a_member_of_staff_whom_nobody_knows_is_refused_and_written_down_nowhere(ringfence_process: Any) -> None:
    refused = ringfence_process("freeze", "staff", "Ada")
    assert (refused.returncode, "nobody is staff by that ID" in refused.stderr) == (1, True), refused.stderr
    assert "note.freeze" not in ringfence_process("ledger", "show", "--account", "operator").stdout


def test_what_cannot_be_frozen_is_refused_before_anything_starts(ringfence: Any) -> None:
    assert ringfence("freeze", "account").returncode == 2
    assert ringfence("freeze", "platform", "AC1").returncode == 2
    assert ringfence("freeze", "weather").returncode == 2
    refused = ringfence("thaw", "session", "CS1")
    assert (refused.returncode, "signs in anew" in refused.stderr) == (1, True)

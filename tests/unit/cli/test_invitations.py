"""`ringfence account invite` prints a link and no credential, and the ledger has who made and withdrew it."""

import re
from typing import Any

import pytest


@pytest.mark.usefixtures("key_service")
def test_a_link_is_made_listed_and_withdrawn_and_the_ledger_has_it(ringfence_process: Any) -> None:
    made = ringfence_process("account", "invite", "Acme")
    assert made.returncode == 0, made.stderr
    link = re.search(r"\bhttp://localhost:8420/invite#([A-Za-z0-9_-]{43})(?!\S)", made.stdout)
    invitation = re.search(r"\bIV[0-9a-f]{32}\b", made.stdout)
    assert link is not None, made.stdout
    assert invitation is not None, made.stdout
    # Neither a SID of an account nor a token.
    assert not re.search(r"\bAC[0-9a-f]{32}|\b[0-9a-f]{32}\b", made.stdout)
    listed = ringfence_process("account", "invites", "--output", "tsv").stdout
    assert f"{invitation[0]}\topen\t" in listed
    assert "\tAcme\tterminal\n" in listed
    assert link[1] not in listed
    assert ringfence_process("account", "withdraw", invitation[0]).returncode == 0
    assert invitation[0] not in ringfence_process("account", "invites").stdout
    again = ringfence_process("account", "withdraw", invitation[0])
    assert (again.returncode, "there is no invitation" in again.stderr) == (1, True)
    told = ringfence_process("ledger", "show", "--account", "operator").stdout
    assert re.search(rf"staff:terminal +note\.invite_account +{invitation[0]}", told)
    assert re.search(rf"staff:terminal +note\.withdraw_invitation +{invitation[0]}", told)
    assert link[1] not in told

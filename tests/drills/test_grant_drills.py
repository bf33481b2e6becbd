"""D09 and D15: nobody is let in to be left in peace, and the report of a stolen session is true."""

import pytest

from ringfence.drills.blast_exam import blast_exam
from ringfence.drills.design import OURS, Design, control
from ringfence.drills.grant_bombing import REQUESTS, grant_bombing


@pytest.fixture(scope="module")
def theirs() -> Design:
    found = control()
    assert found is not None, "a checkout has the control build"
    return found


def test_d09_three_requests_come_up_and_no_yes_without_the_number_lets_anybody_in(theirs: Design) -> None:
    ours = grant_bombing(OURS, 4)
    assert ours.reached == 0
    rows = dict(ours.rows)
    came_up = float(rows["requests that came up, an approver"].split()[0])
    assert 1 <= came_up <= 4
    noted, _, turned_away = rows["turned away, and in the tenant's ledger"].split()
    assert noted == turned_away == str(round(4 * (REQUESTS - came_up)))
    found = grant_bombing(theirs, 4)
    assert found.reached == 4
    assert dict(found.rows)["requests that came up, an approver"] == f"{REQUESTS:.1f} of {REQUESTS}"


def test_d15_the_report_says_what_was_read_and_nothing_else(theirs: Design) -> None:
    ours = blast_exam(OURS, 5)
    assert ours.reached == 0
    rows = dict(ours.rows)
    assert rows["precision and recall over tenants"] == "1.000, 1.000"
    assert rows["tenants that can prove their own entries"] == "5 of 5"
    found = blast_exam(theirs, 5)
    assert found.reached == 5
    assert dict(found.rows)["precision and recall over tenants"] == "0.000, 0.000"

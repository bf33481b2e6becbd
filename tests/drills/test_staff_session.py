"""D05, D06, D07: a session of staff reads nothing, finds nobody and changes nothing; in the control, all of it."""

import pytest

from ringfence.drills.design import OURS, Design, control
from ringfence.drills.report import Finding
from ringfence.drills.staff_session import acting, crawl, number_search

TENANTS = 2


@pytest.fixture(scope="module")
def the_control() -> Design:
    found = control()
    assert found is not None, "a checkout has the control build"
    return found


def figure(finding: Finding, name: str) -> str:
    return dict(finding.rows)[name]


def test_d05_a_session_of_staff_reads_nobody_and_in_the_control_everybody(the_control: Design) -> None:
    ours = crawl(OURS, TENANTS)
    assert ours.reached == 0, ours.rows
    assert figure(ours, "kinds found") == "none"
    # It did crawl: the console's pages were there, and the API answered.
    routes, requests = map(int, figure(ours, "routes of the consoles, requests").split(", "))
    assert routes > 20
    assert requests > routes
    assert "401" in figure(ours, "routes of the API, answers")
    assert int(figure(ours, "requests to the consoles answered with 200")) > routes // 2
    # An operator saw the link by which one of the two was made.
    assert figure(ours, "links of invitations seen, taken again") == "1, 0"
    assert crawl(the_control, TENANTS).reached == TENANTS


@pytest.mark.long
def test_d06_staff_find_no_number_and_see_no_code(the_control: Design) -> None:
    ours = number_search(OURS, TENANTS)
    assert (ours.reached, figure(ours, "codes sent, read")) == (0, f"{TENANTS}, 0")
    theirs = number_search(the_control, TENANTS)
    assert (theirs.reached, figure(theirs, "codes sent, read")) == (TENANTS, f"{TENANTS}, {TENANTS}")


@pytest.mark.long
def test_d07_nothing_of_a_customer_changes_by_a_hand_of_staff(the_control: Design) -> None:
    assert acting(OURS, TENANTS).reached == 0
    assert acting(the_control, TENANTS).reached == TENANTS

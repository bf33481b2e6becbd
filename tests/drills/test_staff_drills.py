"""Attacks on staff's sign-ins: all succeed at a console of 2022, none at ours."""

import pytest

from ringfence.drills.design import OURS, Design, control
from ringfence.drills.downgrade_hunt import downgrade_hunt
from ringfence.drills.enrolment_hijack import TOTAL, enrolment_hijack
from ringfence.drills.stolen_session import stolen_session


@pytest.fixture(scope="module")
def the_control() -> Design:
    found = control()
    assert found is not None, "a checkout has the control build"
    return found


def test_d02_no_link_open_browser_or_kind_clerk_makes_a_member(the_control: Design) -> None:
    ours = enrolment_hijack(OURS, TOTAL)
    assert (ours.reached, ours.rows) == (0, ())
    assert enrolment_hijack(the_control, TOTAL).reached == TOTAL


def test_d03_no_route_gives_a_session_without_a_passkey(the_control: Design) -> None:
    ours = downgrade_hunt(OURS, 2)
    assert ours.reached == 0
    assert int(dict(ours.rows)["requests"]) > 1_000
    assert downgrade_hunt(the_control, 9).reached == 9


def test_d04_a_copied_session_is_worth_nothing(the_control: Design) -> None:
    assert stolen_session(OURS, 16).reached == 0
    assert stolen_session(the_control, 16).reached == 16


@pytest.mark.long
def test_d03_and_d04_at_full_size() -> None:
    assert downgrade_hunt(OURS, 9).reached == 0
    assert stolen_session(OURS, 200).reached == 0

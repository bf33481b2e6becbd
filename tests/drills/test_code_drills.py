"""One-time codes guessed, reused and looked for on the disk: all of the control's are taken, none of ours."""

import pytest

from ringfence.drills.code_guessing import code_guessing
from ringfence.drills.code_reuse import code_reuse
from ringfence.drills.design import OURS, Design, control
from ringfence.drills.factor_adding import WAYS, factor_adding
from ringfence.drills.report import Finding


@pytest.fixture(scope="module")
def the_control() -> Design:
    found = control()
    assert found is not None, "a checkout has the control build"
    return found


def figure(finding: Finding, name: str) -> str:
    return dict(finding.rows)[name]


def test_d21_of_a_thousand_guesses_five_are_compared_and_no_code_lies_on_the_disk(the_control: Design) -> None:
    ours = code_guessing(OURS, 2)
    assert ours.reached == 0
    assert figure(ours, "guesses compared of one code, at most") == "5"
    assert figure(ours, "codes sent of one verification, at most") == "5"
    assert figure(ours, "codes lying on disk") == "0 of 2"
    theirs = code_guessing(the_control, 2)
    assert theirs.reached == 2
    assert figure(theirs, "codes lying on disk") == "2 of 2"


def test_d22_a_code_is_good_in_one_place_once_and_for_ten_minutes(the_control: Design) -> None:
    ours = code_reuse(OURS, 3)
    assert ours.reached == 0
    assert figure(ours, "codes accepted where they do not belong") == "0 of 15"
    assert code_reuse(the_control, 3).reached == 3


def test_d24_no_factor_joins_that_an_older_one_did_not_approve(the_control: Design) -> None:
    ours = factor_adding(OURS, 2)
    assert ours.reached == 0
    assert figure(ours, "factors of the attacker's verified") == f"0 of {2 * len(WAYS)}"
    theirs = factor_adding(the_control, 2)
    assert theirs.reached == 2
    assert figure(theirs, "factors of the attacker's verified") == f"{2 * len(WAYS)} of {2 * len(WAYS)}"

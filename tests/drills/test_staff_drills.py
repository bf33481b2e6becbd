"""Attacks on staff's sign-ins: all succeed at a console of 2022, none at ours."""

import pytest

from ringfence.drills.design import OURS, Design, control
from ringfence.drills.downgrade_hunt import downgrade_hunt
from ringfence.drills.enrolment_hijack import TOTAL, enrolment_hijack
from ringfence.drills.provider_hunt import TOTAL as WAYS
from ringfence.drills.provider_hunt import provider_hunt
from ringfence.drills.relayed_sign_in import RELAYS, missing, relayed_sign_in
from ringfence.drills.stolen_session import stolen_session

needs_chromium = pytest.mark.skipif(bool(missing()), reason=missing() or "it is all here")


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


def test_d03b_nothing_that_a_provider_gave_somebody_else_lets_anybody_in(the_control: Design) -> None:
    ours, other = provider_hunt(OURS, WAYS), provider_hunt(the_control, WAYS)
    assert (ours.reached, other.reached) == (0, WAYS)
    assert int(dict(ours.rows)["requests"]) > 1_000
    # The member comes in by the same door.
    assert [dict(each.rows)["the member themselves comes in"] for each in (ours, other)] == ["yes", "yes"]


def test_d04_a_copied_session_is_worth_nothing(the_control: Design) -> None:
    assert stolen_session(OURS, 16).reached == 0
    assert stolen_session(the_control, 16).reached == 16


@pytest.mark.browser
@needs_chromium
def test_d01_a_look_alike_gets_nothing_of_a_passkey() -> None:
    ours = relayed_sign_in(OURS, len(RELAYS))
    assert ours.reached == 0
    assert [told for _, told in ours.rows] == [
        "Passkeys do not work under this address.",
        "The passkey was not shown, or not in time.",
        "This passkey does not sign in here.",
    ]


@pytest.mark.long
@pytest.mark.browser
@needs_chromium
def test_d01_a_look_alike_gets_all_of_a_password_and_a_code(the_control: Design) -> None:
    assert relayed_sign_in(the_control, len(RELAYS)).reached == len(RELAYS)


@pytest.mark.long
def test_d03_and_d04_at_full_size() -> None:
    assert downgrade_hunt(OURS, 9).reached == 0
    assert stolen_session(OURS, 200).reached == 0

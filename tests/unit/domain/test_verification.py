"""The life of a verification."""

from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.verification import Attempt, Secret, Status, call_sid, may_become, status_at

STATUSES = st.sampled_from(Status)
OVER = set(Status) - {Status.PENDING, Status.MAX_ATTEMPTS_REACHED}


def test_a_pending_one_may_end_in_every_way() -> None:
    assert {after for after in Status if may_become(Status.PENDING, after)} == set(Status) - {Status.PENDING}


def test_one_whose_checks_are_used_up_can_only_be_given_up() -> None:
    assert {after for after in Status if may_become(Status.MAX_ATTEMPTS_REACHED, after)} == {
        Status.CANCELED,
        Status.DELETED,
    }


@given(st.lists(STATUSES, max_size=12))
def test_whatever_is_asked_of_it_it_is_approved_at_most_once_and_never_after_its_end(wishes: list[Status]) -> None:
    status, approvals = Status.PENDING, 0
    for wish in wishes:
        if may_become(status, wish):
            assert status not in OVER
            status = wish
            approvals += wish is Status.APPROVED
    assert approvals <= 1


@given(STATUSES, st.integers(0, 100), st.integers(0, 100))
def test_only_a_pending_one_expires_and_only_when_its_time_is_up(status: Status, expires_ms: int, now_ms: int) -> None:
    due = status is Status.PENDING and now_ms >= expires_ms
    assert status_at(status, expires_ms, now_ms) is (Status.EXPIRED if due else status)


def test_a_call_shares_its_digits_with_its_attempt() -> None:
    assert call_sid(Attempt("VL" + "5" * 32, "call", 0).sid) == "CA" + "5" * 32


def test_nothing_secret_is_shown() -> None:
    assert repr(Secret(to="+12025550123", amount="9", payee="x")) == "Secret(…)"

"""A challenge ends once, by an answer or by the clock."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.challenge import ChallengeSecret, ChallengeStatus, may_become, status_at

PENDING = ChallengeStatus.PENDING


def test_a_pending_challenge_ends_and_nothing_else_moves():
    moves = {(before, after) for before, after in product(ChallengeStatus, repeat=2) if may_become(before, after)}
    assert moves == {(PENDING, after) for after in ChallengeStatus if after is not PENDING}


def test_a_pending_challenge_expires_at_its_time():
    assert status_at(PENDING, 1_000, 999) is PENDING
    assert status_at(PENDING, 1_000, 1_000) is ChallengeStatus.EXPIRED


@given(st.sampled_from([status for status in ChallengeStatus if status is not PENDING]), st.integers(), st.integers())
def test_what_ended_stays_as_it_ended(status, expires_ms, now_ms):
    assert status_at(status, expires_ms, now_ms) is status


def test_a_secret_does_not_show():
    assert repr(ChallengeSecret(details='{"message": "Log in?"}')) == "ChallengeSecret(…)"

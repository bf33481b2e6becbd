"""Who gives back a crowd of events pauses: shortly when alone, longer among many."""

import asyncio
from typing import Any

import pytest

from ringfence.dispatch import account_turns
from ringfence.dispatch.account_turns import ACCOUNT_IN_HAND, CROWD, PAUSE_MAX_S, PAUSE_S, AccountTurns


class Loop:
    """A clock that the test moves."""

    now_s = 100.0

    def time(self) -> float:
        return self.now_s


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> Loop:
    made = Loop()
    monkeypatch.setattr(asyncio, "get_running_loop", lambda: made)
    return made


def crowd(turns: AccountTurns, account: str) -> None:
    for _ in range(CROWD):
        turns.give_back(account)


def pause_s(turns: AccountTurns, loop: Loop, account: str) -> float:
    began_s = loop.now_s
    while account in turns.passed_over():
        loop.now_s += 0.01
    return loop.now_s - began_s


def test_fewer_than_a_crowd_cost_nothing(loop: Any) -> None:
    turns = AccountTurns()
    for _ in range(CROWD - 1):
        turns.give_back("AC1")
    assert turns.passed_over() == set()
    turns.give_back("AC1")
    assert turns.passed_over() == {"AC1"}


def test_one_account_alone_pauses_for_a_moment(loop: Loop) -> None:
    turns = AccountTurns()
    for _ in range(3):
        crowd(turns, "AC1")
        assert pause_s(turns, loop, "AC1") == pytest.approx(PAUSE_S, abs=0.02)


def test_the_more_pause_the_longer_each_does_up_to_a_bound(loop: Loop) -> None:
    turns = AccountTurns()
    for number in range(4):
        crowd(turns, f"AC{number}")
    assert pause_s(turns, loop, "AC3") == pytest.approx(4 * PAUSE_S, abs=0.02)
    for number in range(100):
        crowd(turns, f"AC{number}")
    assert pause_s(turns, loop, "AC99") == pytest.approx(PAUSE_MAX_S, abs=0.02)


def test_of_an_account_that_has_many_in_hand_no_more_are_taken(loop: Any) -> None:
    turns = AccountTurns()
    for _ in range(ACCOUNT_IN_HAND):
        turns.take("AC1")
    assert turns.passed_over() == {"AC1"}
    turns.let_go("AC1")
    assert turns.passed_over() == set()


def test_what_is_remembered_is_bounded(loop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account_turns, "_ACCOUNTS_MAX", 10)
    turns = AccountTurns()
    for number in range(1_000):
        turns.give_back(f"AC{number}")
    assert len(turns._given_back) <= 11

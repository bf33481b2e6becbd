"""Nobody is asked so often that they approve to be left in peace."""

import pytest
from msgspec.structs import replace

from ringfence.domain.access.grant import ANSWER_MS, Grant, GrantState, revoke
from ringfence.domain.access.limits import (
    COOL_DOWN_MAX_MS,
    COOL_DOWN_MS,
    REMEMBERED_MS,
    check_limits,
    may_ask_from_ms,
)
from ringfence.domain.access.refusal import AccessRefusedError, Refusal
from ringfence.domain.access.scope import Scope

NOW_MS = 1_700_000_000_000
PENDING = Grant(
    sid="GR" + "1" * 32,
    tenant="AC1",
    account="AC1",
    staff="s1",
    session="e1",
    public=b"\x03" * 32,
    committed=bytes(32),
    scope=Scope(epochs=(1,)),
    reason="a text that did not arrive",
    minutes=30,
    asked_ms=NOW_MS,
)
REFUSED = replace(PENDING, state=GrantState.REFUSED, ended_ms=NOW_MS)


def refused_at(of_staff: list[Grant], of_tenant: list[Grant], now_ms: int) -> Refusal | None:
    try:
        check_limits(of_staff, of_tenant, now_ms)
    except AccessRefusedError as error:
        return error.refusal
    return None


def test_three_wait_for_an_answer_and_no_fourth() -> None:
    assert refused_at([PENDING] * 2, [PENDING] * 2, NOW_MS) is None
    assert refused_at([PENDING] * 3, [], NOW_MS) is Refusal.PENDING
    assert refused_at([], [PENDING] * 3, NOW_MS) is Refusal.PENDING


def test_what_was_not_answered_waits_no_longer_and_counts_as_a_no() -> None:
    after_ms = NOW_MS + ANSWER_MS
    assert refused_at([], [PENDING] * 3, after_ms) is None
    assert refused_at([PENDING] * 3, [], after_ms) is Refusal.COOL_DOWN


@pytest.mark.parametrize(("times", "wait_ms"), [(1, COOL_DOWN_MS), (2, 2 * COOL_DOWN_MS), (3, 4 * COOL_DOWN_MS)])
def test_each_no_makes_the_wait_twice_as_long(times: int, wait_ms: int) -> None:
    own = [REFUSED] * times
    assert refused_at(own, [], NOW_MS + wait_ms - 1) is Refusal.COOL_DOWN
    assert refused_at(own, [], NOW_MS + wait_ms) is None


def test_the_wait_has_an_end_and_a_no_is_forgotten_after_a_day() -> None:
    assert may_ask_from_ms([REFUSED] * 40, NOW_MS) == NOW_MS + COOL_DOWN_MAX_MS
    assert may_ask_from_ms([REFUSED] * 40, NOW_MS + REMEMBERED_MS) == 0


def test_to_withdraw_before_an_answer_counts_as_a_no() -> None:
    withdrawn = revoke(PENDING, "staff:s1", NOW_MS)
    assert refused_at([withdrawn], [], NOW_MS + COOL_DOWN_MS - 1) is Refusal.COOL_DOWN
    assert refused_at([withdrawn], [], NOW_MS + COOL_DOWN_MS) is None
    assert may_ask_from_ms([withdrawn, REFUSED, withdrawn], NOW_MS) == NOW_MS + 4 * COOL_DOWN_MS


def test_what_was_approved_makes_nobody_wait_however_it_ended() -> None:
    others = [
        replace(PENDING, state=state, approved_ms=NOW_MS, ended_ms=NOW_MS, expires_ms=NOW_MS + 1)
        for state in (GrantState.APPROVED, GrantState.REVOKED, GrantState.EXPIRED)
    ]
    assert refused_at(others, others, NOW_MS) is None

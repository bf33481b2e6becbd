"""No order of sendings makes codes cost more within a day than they may."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.fraud_guard.blocks import blocks_of
from ringfence.domain.fraud_guard.spending import DAY_MS, HOUR_MS, Bound, Overspent, Spending, hour_of, since
from ringfence.store.fraud_moves import NotSent, Sent, Spent, changed_hours, hours_of, make_moves

T0 = 1_700_000_000_000 // HOUR_MS * HOUR_MS
NAMES = blocks_of("+447900123456", "GB")
SERVICE = "VA" + "a" * 32


def spending(micros: int, *, whole: int = 100, service: int | None = None) -> Spending:
    bounds = [Bound("", whole)] + ([] if service is None else [Bound(SERVICE, service)])
    return Spending(tenant="AC1", micros=micros, bounds=tuple(bounds))


def sent(what: Spending, at_ms: int = T0) -> Sent:
    return Sent("AC1", NAMES, at_ms, None, what)


def test_hours_are_whole_and_a_day_is_24_of_them_and_the_one_that_runs() -> None:
    assert hour_of(T0 + HOUR_MS - 1) == T0
    assert hour_of(T0 + HOUR_MS) == T0 + HOUR_MS
    assert since(T0 + 5) == T0 - DAY_MS


@given(
    st.lists(st.tuples(st.integers(0, 5 * HOUR_MS), st.integers(0, 60), st.booleans()), max_size=60),
    st.integers(0, 200),
    st.integers(0, 200),
)
def test_within_any_day_no_bound_is_overspent(steps: list[tuple[int, int, bool]], whole: int, service: int) -> None:
    spent: Spent = {}
    at_ms, paid = T0, []
    for passed_ms, micros, is_of_service in steps:
        at_ms += passed_ms
        what = spending(micros, whole=whole, service=service if is_of_service else None)
        (judgement,) = make_moves([sent(what, at_ms)], {}, spent)
        lately = [cost for paid_ms, cost, _ in paid if paid_ms > at_ms - DAY_MS]
        lately_here = [cost for paid_ms, cost, here in paid if here and paid_ms > at_ms - DAY_MS]
        if not judgement:
            assert sum(lately) + micros <= whole
            assert not is_of_service or sum(lately_here) + micros <= service
            paid.append((at_ms, micros, is_of_service))


def test_a_refusal_says_which_bound_and_what_was_spent_of_it() -> None:
    spent: Spent = {}
    first, second = make_moves([sent(spending(60, whole=200, service=70))] * 2, {}, spent)
    assert not first
    assert second.rule == "spend"
    assert second.overspent == Overspent(owner=SERVICE, spent_micros=60, limit_micros=70)


def test_the_widest_bound_is_named_first() -> None:
    (refused,) = make_moves([sent(spending(80, whole=70, service=70))], {}, {})
    assert refused.overspent == Overspent(owner="", spent_micros=0, limit_micros=70)


@pytest.mark.parametrize(("later_ms", "may"), [(DAY_MS - 1, False), (DAY_MS, False), (DAY_MS + HOUR_MS, True)])
def test_what_was_spent_counts_for_a_day_and_the_rest_of_its_hour(later_ms: int, may: bool) -> None:
    spent: Spent = {}
    make_moves([sent(spending(100), T0 + 5)], {}, spent)
    (judgement,) = make_moves([sent(spending(1), T0 + later_ms)], {}, spent)
    assert bool(judgement) is not may


def test_what_was_not_sent_is_given_back_and_never_more() -> None:
    spent: Spent = {}
    what = spending(60)
    make_moves([sent(what), NotSent("AC1", NAMES, T0, what), NotSent("AC1", NAMES, T0, what)], {}, spent)
    assert [bool(judgement) for judgement in make_moves([sent(spending(50))] * 3, {}, spent)] == [False, False, True]


def test_a_refused_one_costs_nothing() -> None:
    spent: Spent = {}
    make_moves([sent(spending(101))], {}, spent)
    assert spent == {}


def test_only_hours_that_changed_are_written() -> None:
    spent: Spent = {("AC1", ""): {T0 - HOUR_MS: 7}}
    moves = [sent(spending(60)), sent(spending(60))]
    assert hours_of(moves) == [("AC1", "", T0 - DAY_MS)]
    make_moves(moves, {}, spent)
    assert changed_hours(moves, spent) == [("AC1", "", T0, 60)]


def test_without_bounds_nothing_is_read_or_written() -> None:
    moves = [Sent("AC1", NAMES, T0, None)]
    spent: Spent = {}
    assert not make_moves(moves, {}, spent)[0]
    assert (hours_of(moves), changed_hours(moves, spent), spent) == ([], [], {})

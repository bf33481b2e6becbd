"""The blast radius names each account that was reached, and no other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.ledger.blast import Reach, left_unopened, reach_of, session_of


def test_each_account_has_its_openings_objects_and_times() -> None:
    entries = [
        (30, "AC2", "open_epochs", ("7",)),
        (10, "AC1", "open_epochs", ("1", "2")),
        (20, "AC1", "open_epochs", ("2", "3")),
        (25, "AC1", "index_keys", ("2",)),
    ]
    assert reach_of(entries) == [
        Reach(
            account="AC1",
            openings=3,
            objects=("open_epochs:1", "open_epochs:2", "open_epochs:3", "index_keys:2"),
            first_ms=10,
            last_ms=25,
        ),
        Reach(account="AC2", openings=1, objects=("open_epochs:7",), first_ms=30, last_ms=30),
    ]


def test_what_was_refused_and_what_is_nobodys_reached_nobody() -> None:
    assert reach_of([(1, "AC1", "refused.open_epochs", ()), (2, "", "log.torn", ("9",))]) == []


@given(
    st.lists(
        st.tuples(st.integers(0, 99), st.sampled_from("abc"), st.sampled_from(["open_epochs", "refused.open_epochs"]))
    )
)
def test_reached_are_exactly_those_that_were_opened(entries: list[tuple[int, str, str]]) -> None:
    found = reach_of((at_ms, account, verb, ("1",)) for at_ms, account, verb in entries)
    opened = [(at_ms, account) for at_ms, account, verb in entries if verb == "open_epochs"]
    assert {one.account for one in found} == {account for _, account in opened}
    assert sum(one.openings for one in found) == len(opened)
    for one in found:
        times = [at_ms for at_ms, account in opened if account == one.account]
        assert (one.first_ms, one.last_ms) == (min(times), max(times))


THROUGH = ("session:CS1", "grant:GR1")


def test_what_was_opened_through_a_grant_is_told_without_the_grant() -> None:
    (reach,) = reach_of(
        [(1, "AC1", "grant_open", (*THROUGH, "SM1")), (2, "AC1", "grant_open", (*THROUGH, "SM2", "SM1"))]
    )
    assert (reach.openings, reach.objects) == (2, ("grant_open:SM1", "grant_open:SM2"))


@pytest.mark.parametrize("verb", ["note.sign_in", "grant.keep", "grant.end", "grant.expire", "log.gap"])
def test_what_let_go_of_no_key_reached_nobody(verb: str) -> None:
    assert reach_of([(1, "AC1", verb, (*THROUGH, "SM1"))]) == []


def test_what_was_approved_and_never_taken_is_told_by_account() -> None:
    entries = [
        (1, "AC1", "grant.keep", (*THROUGH, "SM1", "SM2")),
        (1, "AC2", "grant.keep", (*THROUGH, "SM3")),
        (2, "AC1", "grant_open", (*THROUGH, "SM2")),
        (3, "AC2", "refused.grant_open", ("grant:GR1",)),
        (3, "AC2", "grant_open", (*THROUGH, "SM1")),
    ]
    assert left_unopened(entries) == {"AC1": ("SM1",), "AC2": ("SM3",)}
    assert left_unopened(entries[2:]) == {}


def test_the_session_is_what_an_entry_names_first() -> None:
    assert session_of(("session:CS1", "SM1")) == "CS1"
    assert session_of(("SM1", "session:CS1")) == ""
    assert session_of(()) == ""


def test_what_a_duty_kept_of_some_days_is_one_thing_whoever_opened_it_and_what_for() -> None:
    through = ("duty:1", "officer:ann", "officer:bob")
    (reach,) = reach_of(
        [
            (1, "AC1", "open_duty", (*through, "days:2026-11-01..2026-11-03", "reference:Order 7")),
            (
                2,
                "AC1",
                "open_duty",
                ("duty:1", "officer:eve", "officer:bob", "days:2026-11-01..2026-11-03", "reference:x"),
            ),
            (
                3,
                "AC1",
                "open_duty",
                ("duty:2", "officer:ann", "officer:bob", "days:2026-11-01..2026-11-03", "reference:x"),
            ),
        ]
    )
    assert reach.openings == 3
    assert reach.objects == (
        "open_duty:duty:1 days:2026-11-01..2026-11-03",
        "open_duty:duty:2 days:2026-11-01..2026-11-03",
    )


@pytest.mark.parametrize("verb", ["duty.declare", "duty.end", "duty.erase", "refused.open_duty"])
def test_to_declare_a_duty_or_to_be_refused_opens_nothing(verb: str) -> None:
    assert reach_of([(1, "AC1", verb, ("duty:1",))]) == []

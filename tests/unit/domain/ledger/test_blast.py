"""The blast radius names each account that was reached, and no other."""

from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.ledger.blast import Reach, reach_of


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

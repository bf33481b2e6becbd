"""Of calls that want to go out, in order, each that stays within every bound does, and no other."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ringfence.ports.call_brakes import Bound, Burden
from ringfence.store.call_gate import Leaving, Scope, pass_gate, scopes

TENANT = "T"
LIMITS = st.one_of(st.none(), st.builds(Bound, live=st.integers(0, 8), micros=st.none() | st.integers(0, 40)))


def leaving(number: int = 0, account: str = "A", **more: object) -> Leaving:
    made = Leaving(account=account, sid=f"CA{number}", from_ms=10, now_ms=20, own=None, tenant=TENANT, whole=None)
    return replace(made, **more)


def empty(leavings: list[Leaving]) -> dict[Scope, Burden]:
    nothing = Burden(settled_micros=0, running_micros=0, queued_micros=0, live=0)
    return dict.fromkeys(scopes(leavings), nothing)


@given(
    calls=st.lists(st.tuples(st.sampled_from("AB"), st.integers(0, 9)), max_size=20),
    own=LIMITS,
    whole=LIMITS,
)
def test_each_goes_out_that_may_and_no_other(
    calls: list[tuple[str, int]], own: Bound | None, whole: Bound | None
) -> None:
    leavings = [leaving(number, account, own=own, whole=whole) for number, (account, _) in enumerate(calls)]
    rates = {made.key: rate for made, (_, rate) in zip(leavings, calls, strict=True)}
    held, out = pass_gate(leavings, rates, empty(leavings))
    gone: list[Leaving] = []
    for made, answer in zip(leavings, held, strict=True):
        groups = [(own, [one for one in gone if one.account == made.account]), (whole, gone)]
        if any(bound is not None and len(group) + 1 > bound.live for bound, group in groups):
            assert answer == "live"
        elif any(
            bound is not None
            and bound.micros is not None
            and sum(rates[one.key] for one in group) + rates[made.key] > bound.micros
            for bound, group in groups
        ):
            assert answer == "micros"
        else:
            assert answer == ""
            gone.append(made)
    assert out == [made.key for made in gone]


def test_what_waits_no_longer_is_not_held_and_does_not_count() -> None:
    none = Bound(live=1, micros=None)
    one, gone = leaving(1, own=none), leaving(2, own=none)
    assert pass_gate([gone, one, one, gone], {one.key: 5}, empty([one])) == (["", "", "", ""], [one.key])


def test_burdens_grow_by_what_goes_out() -> None:
    one, two = leaving(1, own=Bound(live=5, micros=None)), leaving(2, account="B", whole=Bound(live=5, micros=10))
    burdens = empty([one, two])
    pass_gate([one, two], {one.key: 3, two.key: 4}, burdens)
    assert burdens == {
        ("account", "A"): Burden(settled_micros=0, running_micros=3, queued_micros=3, live=1),
        ("tenant", TENANT): Burden(settled_micros=0, running_micros=4, queued_micros=4, live=1),
    }


def test_each_burden_is_of_the_longest_time_that_is_asked_for() -> None:
    bound = Bound(live=1, micros=None)
    asked = [leaving(1, own=bound), leaving(2, own=bound, from_ms=5), leaving(3, own=bound, now_ms=30, whole=bound)]
    assert scopes(asked) == {("account", "A"): (5, 30), ("tenant", TENANT): (10, 30)}

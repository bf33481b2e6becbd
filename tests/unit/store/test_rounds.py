"""Settlements part into rounds that hold no event twice."""

from hypothesis import given
from hypothesis import strategies as st

from ringfence.ports.store import Settlement
from ringfence.store.rounds import rounds

settlements = st.lists(
    st.builds(Settlement, event_id=st.integers(1, 4), account=st.sampled_from(["AC1", "AC2"]), state=st.text("dp"))
)


@given(settlements)
def test_rounds_keep_all_in_order_of_each_event_and_are_as_few_as_can_be(given_):
    parted = rounds(given_)
    keys = [(each.account, each.event_id) for each in given_]
    assert len(parted) == max(map(keys.count, keys), default=0)
    assert all(len({(each.account, each.event_id) for each in part}) == len(part) for part in parted)
    for key in keys:
        told = [each for part in parted for each in part if (each.account, each.event_id) == key]
        assert told == [each for each in given_ if (each.account, each.event_id) == key]

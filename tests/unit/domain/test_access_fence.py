"""What is newer has the higher fence, and what the key service numbered is never taken for what was done at once."""

from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.access_fence import access_fence

TIMES = st.integers(0, 1 << 44)


@given(st.tuples(TIMES, TIMES))
def test_the_later_of_two_of_a_kind_has_the_higher_fence(pair: tuple[int, int]) -> None:
    earlier, later = sorted(pair)
    for fence in (lambda ms: access_fence(None, ms), lambda number: access_fence(number, 0)):
        assert (fence(earlier) < fence(later)) is (earlier < later)


@given(TIMES, TIMES)
def test_a_number_is_newer_than_what_was_done_until_then_and_older_than_the_rest(number: int, at_ms: int) -> None:
    assert (access_fence(number, 0) > access_fence(None, at_ms)) is (number >= at_ms)
    assert access_fence(number, at_ms) == access_fence(number, 0) != access_fence(None, at_ms)

"""Windows of rate limits, against a list of all starts that were let through."""

from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.verify_rate import RateCount, Window, admit

STARTS = st.lists(st.tuples(st.integers(0, 300), st.sampled_from([b"a", b"b"])), max_size=60)
BUCKETS = st.lists(st.tuples(st.integers(1, 4), st.integers(1, 200)), min_size=1, max_size=3)


@given(STARTS, BUCKETS)
def test_no_window_and_no_span_of_an_interval_holds_more_than_it_may(starts, buckets):
    known: dict[tuple[str, bytes], Window] = {}
    passed: list[tuple[int, bytes]] = []
    at_ms = 0
    for step_ms, value in starts:
        at_ms += step_ms
        counts = [
            RateCount(bucket=str(number), value_index=value, most=most, interval_ms=interval_ms)
            for number, (most, interval_ms) in enumerate(buckets)
        ]
        exceeded, changed = admit(counts, known, at_ms)
        if exceeded is None:
            passed.append((at_ms, value))
            assert set(changed) == {count.place for count in counts}
        else:
            assert changed == {}
            assert exceeded.until_ms > at_ms
            # Once its window is over that bucket lets a start through.
            alone = [count for count in counts if count.bucket == exceeded.bucket]
            assert admit(alone, known, exceeded.until_ms)[0] is None
        known |= changed
        assert all(window.count <= buckets[int(bucket)][0] for (bucket, _), window in known.items())
    for most, interval_ms in buckets:
        for from_ms, value in passed:
            span = [ms for ms, other in passed if other == value and from_ms <= ms < from_ms + interval_ms]
            assert len(span) <= 2 * most


def test_what_is_first_counted_begins_the_window():
    count = RateCount(bucket="BL1", value_index=b"a", most=2, interval_ms=1_000)
    _, known = admit([count], {}, 500)
    assert known == {("BL1", b"a"): Window(began_ms=500, until_ms=1_500, count=1)}
    _, known = admit([count], known, 1_499)
    assert known == {("BL1", b"a"): Window(began_ms=500, until_ms=1_500, count=2)}
    exceeded, _ = admit([count], known, 1_499)
    assert exceeded is not None
    assert exceeded.until_ms == 1_500
    _, known = admit([count], known, 1_500)
    assert known == {("BL1", b"a"): Window(began_ms=1_500, until_ms=2_500, count=1)}


def test_a_clock_that_is_set_back_opens_no_window_anew():
    count = RateCount(bucket="BL1", value_index=b"a", most=1, interval_ms=1_000)
    _, known = admit([count], {}, 5_000)
    exceeded, _ = admit([count], known, 4_000)
    assert exceeded is not None

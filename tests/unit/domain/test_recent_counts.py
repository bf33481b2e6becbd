"""Counts are of the last while, and go bit by bit."""

from ringfence.domain.recent_counts import RecentCounts


def test_what_is_older_than_the_window_is_forgotten():
    counts = RecentCounts(60_000)
    counts.add("30003", 2, 0)
    counts.add("30003", 1, 30_000)
    counts.add("30005", 1, 30_000)
    assert counts.totals(59_000) == {"30003": 3, "30005": 1}
    assert counts.totals(60_000) == {"30003": 1, "30005": 1}
    assert counts.totals(90_000) == {}

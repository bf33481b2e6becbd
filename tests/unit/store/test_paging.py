"""Keyset paging: where a page ended, and what comes after it."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.sid import new_sid
from ringfence.store.paging import END_OF_TIME_MS, page_of, place_after, place_of


class Row(msgspec.Struct, frozen=True):
    sid: str
    created_ms: int


rows = st.lists(
    st.builds(Row, sid=st.integers(0, 99).map(lambda n: f"SM{n:032x}"), created_ms=st.integers(0, 5)),
    unique_by=lambda row: row.sid,
)


@given(rows, st.integers(1, 5))
def test_pages_put_together_are_the_whole_list_newest_first(rows, limit):
    listed, before = [], None
    while page := page_of(rows, before, limit):
        listed += page
        before = place_of(page[-1].sid, page[-1].created_ms)
    assert listed == sorted(rows, key=lambda row: (row.created_ms, row.sid), reverse=True)


def test_a_known_row_is_where_it_is():
    assert place_of("SM", 5) == (5, "SM")
    assert place_of("SM", 0) == (0, "SM")


def test_a_row_that_is_gone_was_where_its_sid_says():
    sid = new_sid("SM", 1_700_000_000_123)
    assert place_of(sid, None) == (1_700_000_000_123, sid)


def test_a_sid_that_says_nothing_is_at_the_end():
    assert place_of("garbage", None) == (0, "garbage")


def test_the_first_page_begins_at_the_end_of_time_or_at_the_bound():
    assert place_after(None, None) == (END_OF_TIME_MS, "")
    assert place_after(None, None, 7) == (7, "")
    assert place_after("SM", 9, 7) == (7, "")
    assert place_after("SM", 5, 7) == (5, "SM")

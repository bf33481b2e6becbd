import hmac

from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.sealing.blind_index import TableIndexer, blind_index, remote_index

KEY = bytes(range(32))
numbers = st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True)


@given(numbers, numbers)
def test_equal_numbers_and_only_those_have_equal_indexes(first: str, second: str) -> None:
    assert (blind_index(KEY, first) == blind_index(KEY, second)) == (first == second)


@given(numbers)
def test_keys_and_tables_share_no_index(number: str) -> None:
    found = {blind_index(KEY, number), blind_index(KEY[::-1], number), blind_index(KEY, number, "opt_out")}
    assert len(found) == 3


def test_it_is_half_of_an_hmac() -> None:
    whole = hmac.digest(KEY, b"remote|+12025550177", "sha256")
    assert blind_index(KEY, "+12025550177") == whole[:16]
    assert blind_index(KEY, "+12025550177", "remote") == whole[:16]


@given(numbers, st.integers(0, 65_535), st.integers(0, 65_535))
def test_indexes_of_remote_numbers_lie_together_by_day(number: str, one: int, other: int) -> None:
    first, second = remote_index(KEY, one, number), remote_index(KEY, other, number)
    assert (first < second) == (one < other)
    assert (first == second) == (one == other)


def test_an_index_of_a_remote_number_is_its_day_and_the_blind_index_cut_to_fit() -> None:
    assert remote_index(KEY, 0x4E21, "+12025550177") == b"\x4e\x21" + blind_index(KEY, "+12025550177")[:14]
    assert remote_index(KEY, 65_536 + 1, "+12025550177")[:2] == b"\x00\x01"


@given(st.binary(min_size=32, max_size=32), numbers, st.sampled_from(["remote", "opt_out"]))
def test_an_indexer_of_tables_answers_what_is_answered_for_one_value(key: bytes, number: str, table: str) -> None:
    assert TableIndexer(key).index(number, table) == blind_index(key, number, table)

import hmac

from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.sealing.blind_index import blind_index

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

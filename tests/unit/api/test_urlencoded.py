from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.api.urlencoded import MAX_PAIRS, parse_pairs
from ringfence.domain.errors import ApiError

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)
names = st.text("ABCdef_<>[].&0", min_size=1, max_size=12)


@given(st.lists(st.tuples(names, texts), max_size=20))
def test_what_a_client_encodes_is_read_back_in_order(pairs: list[tuple[str, str]]) -> None:
    assert parse_pairs(urlencode(pairs).encode()) == pairs


@given(st.lists(st.tuples(names, texts), max_size=10))
def test_it_reads_as_the_standard_library_does(pairs: list[tuple[str, str]]) -> None:
    raw = urlencode(pairs)
    assert parse_pairs(raw.encode()) == parse_qsl(raw, keep_blank_values=True)


@given(st.binary(max_size=60))
def test_any_bytes_give_pairs_or_a_refusal(raw: bytes) -> None:
    code = 20001
    pairs: list[tuple[str, str]] = []
    try:
        pairs = parse_pairs(raw)
    except ApiError as refused:
        code = refused.code
    assert code == 20001
    assert all(isinstance(part, str) for pair in pairs for part in pair)


@pytest.mark.parametrize(
    "raw",
    [b"To=%", b"To=%4", b"To=%zz", b"To=%u1234", b"Body=%ff", b"Body=%ed%a0%80", b"%ff=1", b"Body=\xff", b"a%3Db="],
)
def test_broken_escapes_and_bytes_that_are_no_utf8_are_refused(raw: bytes) -> None:
    with pytest.raises(ApiError) as refused:
        parse_pairs(raw)
    assert refused.value.code == 20001


def test_raw_utf8_is_read() -> None:
    assert parse_pairs("Body=é".encode()) == [("Body", "é")]


def test_a_plus_is_a_space_and_an_escaped_plus_is_a_plus() -> None:
    assert parse_pairs(b"To=+%2B1") == [("To", " +1")]


def test_nothing_is_no_pairs() -> None:
    assert parse_pairs(b"") == []
    assert parse_pairs(b"&&") == []


def test_there_is_a_limit_to_the_number_of_pairs() -> None:
    assert len(parse_pairs(b"&".join([b"a=1"] * MAX_PAIRS))) == MAX_PAIRS
    with pytest.raises(ApiError):
        parse_pairs(b"&".join([b"a=1"] * (MAX_PAIRS + 1)))


@pytest.mark.parametrize("raw", [b"Body=a%00b", b"Body=a\x00b", b"%00=1"])
def test_nul_is_refused(raw: bytes) -> None:
    with pytest.raises(ApiError) as refusal:
        parse_pairs(raw)
    assert refusal.value.code == 20001

from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.passkeys.strict_cbor import InvalidCborError, decode_cbor, decode_cbor_at

LEAVES = st.none() | st.booleans() | st.integers(-(2**64), 2**64 - 1) | st.binary() | st.text()
KEYS = st.integers(-(2**64), 2**64 - 1) | st.text(max_size=30)


def nested(depth: int) -> st.SearchStrategy[Any]:
    if depth == 0:
        return LEAVES
    inner = nested(depth - 1)
    return LEAVES | st.lists(inner, max_size=30) | st.dictionaries(KEYS, inner, max_size=30)


@given(value=nested(3))
def test_what_another_writes_is_read_as_it_meant_it(value: Any) -> None:
    read = decode_cbor(cbor2.dumps(value))
    assert read == value
    assert repr(read) == repr(value)


@given(data=st.binary(max_size=60))
def test_what_is_read_has_one_spelling(data: bytes) -> None:
    try:
        read = decode_cbor(data)
    except InvalidCborError:
        return
    assert cbor2.loads(data) == read
    assert cbor2.dumps(read) == data


@pytest.mark.parametrize(
    ("data", "read"),
    [
        ("00", 0),
        ("17", 23),
        ("1818", 24),
        ("18ff", 255),
        ("190100", 256),
        ("1a00010000", 65536),
        ("1b0000000100000000", 2**32),
        ("1bffffffffffffffff", 2**64 - 1),
        ("20", -1),
        ("3bffffffffffffffff", -(2**64)),
        ("f4", False),
        ("f5", True),
        ("f6", None),
        ("40", b""),
        ("60", ""),
        ("62c3bc", "ü"),
        ("80", []),
        ("a0", {}),
        ("a2016161206162", {1: "a", -1: "b"}),
        ("a2206162016161", {-1: "b", 1: "a"}),
        ("8181818100", [[[[0]]]]),
        ("a101a101a101a10100", {1: {1: {1: {1: 0}}}}),
    ],
)
def test_items_as_the_specification_writes_them(data: str, read: Any) -> None:
    assert decode_cbor(bytes.fromhex(data)) == read


@pytest.mark.parametrize(
    ("data", "why"),
    [
        pytest.param("", "ends early", id="nothing"),
        pytest.param("0000", "something follows", id="two items"),
        pytest.param("1817", "an integer longer than it need be", id="23 in two bytes"),
        pytest.param("1900ff", "an integer longer than it need be", id="255 in three bytes"),
        pytest.param("1a0000ffff", "an integer longer than it need be", id="65535 in five bytes"),
        pytest.param("1b00000000ffffffff", "an integer longer than it need be", id="2**32 - 1 in nine bytes"),
        pytest.param("18", "ends early", id="a length that ends early"),
        pytest.param("1b00000000", "ends early", id="a long length that ends early"),
        pytest.param("41", "ends early", id="bytes that end early"),
        pytest.param("6261", "ends early", id="text that ends early"),
        pytest.param("81", "ends early", id="a list that ends early"),
        pytest.param("a101", "ends early", id="a map that ends early"),
        pytest.param("5f40ff", "of unknown length", id="bytes of unknown length"),
        pytest.param("9fff", "of unknown length", id="a list of unknown length"),
        pytest.param("bfff", "of unknown length", id="a map of unknown length"),
        pytest.param("1c", "of unknown length", id="a length of no size"),
        pytest.param("61ff", "text that is not UTF-8", id="text that is not UTF-8"),
        pytest.param("c000", "a tag", id="a tag"),
        pytest.param("f7", "a value of no kind that we know", id="undefined"),
        pytest.param("f0", "a value of no kind that we know", id="a simple value"),
        pytest.param("f814", "a value of no kind that we know", id="false in two bytes"),
        pytest.param("f93c00", "a value of no kind that we know", id="a fraction of two bytes"),
        pytest.param("fb3ff0000000000000", "a value of no kind that we know", id="a fraction of eight bytes"),
        pytest.param("a201000100", "a key twice", id="a key twice"),
        pytest.param("a1f500", "a key that is neither integer nor text", id="a key that is true"),
        pytest.param("a1f600", "a key that is neither integer nor text", id="a key that is null"),
        pytest.param("a1400000", "a key that is neither integer nor text", id="a key of bytes"),
        pytest.param("a18000", "a key that is neither integer nor text", id="a key that is a list"),
        pytest.param("818181818100", "nested too deeply", id="five lists in each other"),
        pytest.param("9bffffffffffffffff", "ends early", id="a list longer than memory"),
        pytest.param("bbffffffffffffffff", "ends early", id="a map longer than memory"),
        pytest.param("5bffffffffffffffff", "ends early", id="bytes longer than memory"),
    ],
)
def test_what_authenticators_do_not_write_is_refused(data: str, why: str) -> None:
    with pytest.raises(InvalidCborError) as refused:
        decode_cbor(bytes.fromhex(data))
    assert str(refused.value) == why


def test_where_an_item_ends_is_told_and_what_follows_is_left_alone() -> None:
    assert decode_cbor_at(b"\xff\xa1\x01\x02\xff", 1) == ({1: 2}, 4)

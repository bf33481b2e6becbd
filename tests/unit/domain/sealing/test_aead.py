import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.sealing import aead

KEY = bytes(range(32))


@given(st.binary(max_size=2_000), st.binary(max_size=80))
def test_what_was_sealed_opens_in_its_place(plaintext: bytes, where: bytes) -> None:
    sealed = aead.seal(KEY, plaintext, where)
    assert aead.unseal(KEY, sealed, where) == plaintext
    assert len(sealed) == len(plaintext) + 28


@given(st.binary(max_size=64), st.data())
def test_one_flipped_bit_and_it_does_not_open(plaintext: bytes, data: st.DataObject) -> None:
    sealed = bytearray(aead.seal(KEY, plaintext, b"here"))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(aead.UnsealError):
        aead.unseal(KEY, bytes(sealed), b"here")


def test_another_place_or_key_does_not_open() -> None:
    sealed = aead.seal(KEY, b"text", b"here")
    with pytest.raises(aead.UnsealError, match="does not open"):
        aead.unseal(KEY, sealed, b"there")
    with pytest.raises(aead.UnsealError):
        aead.unseal(KEY[::-1], sealed, b"here")


@pytest.mark.parametrize("length", [0, 1, 11, 12, 27])
def test_what_is_too_short_does_not_open(length: int) -> None:
    with pytest.raises(aead.UnsealError):
        aead.unseal(KEY, aead.seal(KEY, b"", b"")[:length], b"")


def test_a_key_of_another_length_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError):
        aead.seal(KEY[:31], b"", b"")


def test_equal_texts_are_sealed_differently() -> None:
    assert len({aead.seal(KEY, b"text", b"") for _ in range(100)}) == 100


def test_the_nonce_stands_in_front_and_is_random() -> None:
    nonces = {aead.seal(KEY, b"", b"")[:12] for _ in range(100)}
    assert len(nonces) == 100


parts = st.lists(st.text(st.characters(blacklist_characters="|", blacklist_categories=["Cs"])), min_size=1, max_size=4)


@given(parts, parts)
def test_two_places_are_the_same_only_when_all_parts_are(first: list[str], second: list[str]) -> None:
    assert (aead.place(*first) == aead.place(*second)) == (first == second)


def test_the_separator_cannot_stand_in_a_part() -> None:
    assert aead.place("AC1", "SM1", "content") == b"AC1|SM1|content"
    for bad in (("AC1|SM1", "content"), ("AC1", "SM1|"), ("|",)):
        with pytest.raises(ValueError, match="separator"):
            aead.place(*bad)

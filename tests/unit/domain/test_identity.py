"""Who an entity is: letters and digits, with single dashes between them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.identity import is_identity


@given(st.from_regex(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*", fullmatch=True))
def test_letters_digits_and_dashes_of_8_to_64_are_one(text):
    assert is_identity(text) is (8 <= len(text) <= 64)


@pytest.mark.parametrize(
    "text", ["", "a" * 7, "a" * 65, "-aaaaaaaa", "aaaaaaaa-", "aaaa--aaaa", "aaaa aaaa", "aaaaaaaa\n"]
)
def test_nothing_else_is(text):
    assert not is_identity(text)


@pytest.mark.parametrize("text", ["\u0661" * 8, "\u00e9" * 8, "alice@example"])
def test_no_other_alphabet_is(text):
    assert not is_identity(text)

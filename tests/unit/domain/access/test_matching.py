"""Six digits show that both sides mean the same; a console between them cannot make them agree."""

import hashlib
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.access.matching import DIGITS, commitment, keeps, number

values = st.binary(min_size=32, max_size=32)


def test_known_answers() -> None:
    """Held by the browser's module too."""
    asker, approver, public = b"\x01" * 32, b"\x02" * 32, b"\x03" * 32
    assert commitment(asker, public) == hashlib.sha256(b"ringfence/grant-commit/v1" + asker + public).digest()
    digest = hashlib.sha256(b"ringfence/grant-number/v1" + asker + approver + b"statement").digest()
    assert number(asker, approver, b"statement") == str(int.from_bytes(digest[:8], "big") % 1_000_000).zfill(6)


@given(values, values, values)
def test_a_commitment_is_kept_by_its_value_and_key_alone(value: bytes, other: bytes, public: bytes) -> None:
    committed = commitment(value, public)
    assert keeps(committed, value, public)
    assert keeps(committed, other, public) == (other == value)
    assert keeps(committed, value, other) == (other == public)


@pytest.mark.parametrize("value", [b"", b"\x01" * 31, b"\x01" * 33])
def test_a_value_of_another_length_keeps_nothing(value: bytes) -> None:
    assert not keeps(commitment(value, bytes(32)), value, bytes(32))


@given(values, values, st.binary(max_size=99))
def test_the_number_has_six_digits(asker: bytes, approver: bytes, statement: bytes) -> None:
    found = number(asker, approver, statement)
    assert len(found) == DIGITS
    assert found.isdecimal()


def test_a_console_with_a_key_of_its_own_meets_the_number_as_often_as_chance_does() -> None:
    """It commits to the approver before it sees their value, and answers the asker before it sees theirs."""
    hits = Counter(
        number(_v("a", n), _v("b'", n), b"asker's key")[-2:] == number(_v("a'", n), _v("b", n), b"console's key")[-2:]
        for n in range(4_000)
    )
    assert 15 <= hits[True] <= 75, "two digits of six: one try in a hundred"


def _v(who: str, n: int) -> bytes:
    return hashlib.sha256(f"{who}{n}".encode()).digest()

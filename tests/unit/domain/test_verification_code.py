"""A code is a function of its key, verification, number and service, and says nothing of another's."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.sealing.keyed_hash import KeyedHash
from ringfence.domain.verification_code import derive_code, same_code

KEY = KeyedHash(bytes(range(32)))


@given(st.binary(min_size=32, max_size=32), st.text(), st.text(), st.text(), st.integers(4, 10))
def test_a_code_is_so_many_digits_and_always_the_same(key: bytes, sid: str, to: str, service: str, length: int) -> None:
    code = derive_code(KeyedHash(key), sid, to, service, length)
    assert len(code) == length
    assert code.isascii()
    assert code.isdecimal()
    assert derive_code(KeyedHash(key), sid, to, service, length) == code


def test_a_known_answer() -> None:
    """Held so that a version that derives otherwise fails: codes on their way would no longer fit."""
    assert derive_code(KEY, "VE1", "+12025550123", "VA1", 10) == "9270396312"


@pytest.mark.parametrize(
    "other",
    [
        (KeyedHash(b"\x01" * 32), "VE1", "+12025550123", "VA1"),
        (KEY, "VE2", "+12025550123", "VA1"),
        (KEY, "VE1", "+12025550124", "VA1"),
        (KEY, "VE1", "+12025550123", "VA2"),
        (KEY, "VE1+", "12025550123", "VA1"),
        (KEY, "VE1", "+12025550123V", "A1"),
    ],
)
def test_another_key_verification_number_or_service_has_another_code(other: tuple[KeyedHash, str, str, str]) -> None:
    assert derive_code(*other, 10) != derive_code(KEY, "VE1", "+12025550123", "VA1", 10)


def test_every_digit_comes_as_often_as_any_other() -> None:
    """Chi-squared of 40,000 digits with nine degrees of freedom: beyond 33.7 in one run of ten thousand; fixed keys."""
    digits = Counter("".join(derive_code(KEY, f"VE{n}", "+12025550123", "VA1", 10) for n in range(4_000)))
    assert sum((digits[str(digit)] - 4_000) ** 2 / 4_000 for digit in range(10)) < 33.7


def test_a_short_number_keeps_its_zeros() -> None:
    assert any(derive_code(KEY, f"VE{n}", "+1", "VA1", 4).startswith("00") for n in range(1_000))


@pytest.mark.parametrize("guess", ["", "12345", "1234567", "123457", "١٢٣٤٥٦", " 123456", "123456\n"])
def test_only_the_code_itself_is_right(guess: str) -> None:
    assert same_code("123456", "123456")
    assert not same_code(guess, "123456")

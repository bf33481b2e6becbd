"""Which digits of a text are the code."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.testing.code import code_in, code_spelled


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("Your code is 482913", "482913"),
        ("Your code is 482 913. It ends at 15:00.", "482913"),
        ("G-482913 is your verification code", "482913"),
        ("482-913 is your code", "482913"),
        ("<#> 1234: your PIN\nFA+9qCX9VSu", "1234"),
        ("Order 20260301 is ready. Your code: 7731", "7731"),
        ("Use 99887766 to sign in", "99887766"),
        ("@example.com #747723", "747723"),
        ("Haircut Tue 15:00", None),
        ("Call +12025550123", None),
        ("You owe $1250.00", None),
        ("123", None),
        ("12345678901", None),
        ("", None),
    ],
)
def test_code_in(body: str, code: str | None) -> None:
    assert code_in(body) == code


@given(st.text("0123456789", min_size=4, max_size=10))
def test_every_code_of_four_to_ten_digits_is_found(code: str) -> None:
    assert code_in(f"Your code is {code}.") == code


@given(st.text())
def test_any_text_is_read(body: str) -> None:
    found = code_in(body)
    assert found is None or found.isdecimal()


def test_a_spelled_code_is_the_last_run_of_single_characters() -> None:
    assert code_spelled(["Your code is", "8", "3", "0", "5", "again", "8", "3", "0", "6"]) == "8306"
    assert code_spelled(["a", "b", "c", "1", "!"]) == "abc1!"
    for heard in ([], ["Hello"], ["1", "2", "3"], ["7"] * 11):
        assert code_spelled(heard) is None

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.api.v2010.available_phone_numbers import contains_expression
from ringfence.domain.errors import ApiError


@pytest.mark.parametrize(
    ("pattern", "number", "found"),
    [
        ("202", "+12025550123", True),
        ("0123$", "+12025550123", True),
        ("012$", "+12025550123", False),
        ("+1202", "+12025550123", True),
        ("+202", "+12025550123", False),
        ("555*123", "+12025550123", True),
        ("555**23", "+12025550123", True),
        ("202%23", "+12025550123", True),
        ("202%%%23", "+12025550123", True),
        ("202%24", "+12025550123", False),
        ("5%5%0%3$", "+12025550123", True),
        ("5%5%0%2$", "+12025550123", False),
        ("2%01", "+12025550101", True),
        ("0%01$", "+12025550101", True),
        ("+%123$", "+12025550123", True),
        ("+1202%", "+12025550123", True),
        ("55%$", "+12025550123", True),
        ("2*%*3$", "+12025550123", True),
        ("STORM", "+12027867600", True),
        ("storm", "+12027867600", True),
        ("storm", "+12025550123", False),
    ],
)
def test_contains(pattern: str, number: str, found: bool) -> None:
    assert (contains_expression(pattern).search(number) is not None) is found


@pytest.mark.parametrize("pattern", ["1", "1" * 17, "12.4", "(12", "1 2", "$12", "1+2"])
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(ApiError) as refused:
        contains_expression(pattern)
    assert refused.value.status == 400


def naive(pattern: str, number: str) -> bool:
    """What Contains means, tried out in every way."""
    if not pattern:
        return True
    if pattern == "$":
        return not number
    if pattern[0] == "%":
        return naive(pattern[1:], number) or (number[:1].isdigit() and naive(pattern, number[1:]))
    return number[:1].isdigit() and pattern[0] in ("*", number[0]) and naive(pattern[1:], number[1:])


@given(st.text("12*%", min_size=2, max_size=8), st.booleans(), st.booleans(), st.text("12", min_size=3, max_size=7))
def test_contains_finds_what_trying_every_way_finds(pattern: str, begins: bool, ends: bool, number: str) -> None:
    wanted = pattern + "$" * ends
    starts = [number] if begins else [number[at:] for at in range(len(number) + 1)]
    found = contains_expression("+" * begins + wanted).search("+" + number) is not None
    assert found is any(naive(wanted, start) for start in starts)


@pytest.mark.parametrize("pattern", ["%%%%%%%%%%%%%%9$", "%*%*%*%*%*%*%*9$", "%1%1%1%1%1%1%1%9", "%%%%%%%%%%%%%%%9"])
def test_no_pattern_takes_long_on_a_whole_inventory(pattern: str) -> None:
    expression = contains_expression(pattern)
    started_s = time.process_time()
    for _ in range(5_000):
        assert expression.search("+111111111111111") is None
    assert time.process_time() - started_s < 1

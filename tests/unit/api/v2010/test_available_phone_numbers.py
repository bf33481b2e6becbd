import pytest

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

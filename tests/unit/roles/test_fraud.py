"""Bounds on what codes may cost, as the settings name them."""

import pytest

from ringfence.roles.fraud import code_bounds
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings

AC, VA = "AC" + "a" * 32, "VA" + "b" * 32


def test_the_settings_make_the_bounds() -> None:
    bounds = code_bounds(Settings(verify_spend=2.5, verify_spends=(f"{AC}=500", f" {VA} = 0.01 ")))
    assert bounds.whole_micros == 2_500_000
    assert bounds.own == {AC: 500_000_000, VA: 10_000}


@pytest.mark.parametrize("entry", ["", AC, f"{AC}=", f"{AC}=-1", f"{AC}=nan", f"{AC}=inf", f"{AC}=x", "AC1=5", "MG=5"])
def test_what_is_no_bound_is_refused(entry: str) -> None:
    with pytest.raises(RefusalError, match="verify_spends"):
        code_bounds(Settings(verify_spends=(entry,)))

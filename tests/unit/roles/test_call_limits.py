"""Bounds on calls, as an operator writes them."""

import pytest

from ringfence.roles.call_limits import call_limits
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings

ACCOUNT = "AC" + "a" * 32


def test_the_settings_make_the_bounds() -> None:
    limits = call_limits(
        Settings(
            call_countries=("gb",),
            call_rate_cps=2,
            calls_at_once=3,
            call_max_price=0.25,
            call_spend=7,
            call_new_countries=1,
        )
    )
    assert (limits.home, limits.calls_per_s, limits.live_calls) == (("GB",), 2, 3)
    assert (limits.max_rate_micros, limits.spend_micros, limits.new_countries) == (250_000, 7_000_000, 1)
    assert limits.of(ACCOUNT) is limits


def test_an_account_s_own_differ_where_they_say_so() -> None:
    limits = call_limits(
        Settings(call_spend=7, account_calls=(f"{ACCOUNT} spend=500.5 at_once=9 cps=0.5 max_price=2",))
    )
    own = limits.of(ACCOUNT)
    assert (own.spend_micros, own.live_calls, own.calls_per_s, own.max_rate_micros) == (500_500_000, 9, 0.5, 2_000_000)
    assert (own.new_countries, own.home) == (limits.new_countries, limits.home)
    assert limits.of("AC" + "b" * 32).spend_micros == 7_000_000


@pytest.mark.parametrize(
    "entry",
    ["AC1 spend=1", ACCOUNT, f"{ACCOUNT} spend", f"{ACCOUNT} spend=x", f"{ACCOUNT} spend=-1", f"{ACCOUNT} cps=0",
     f"{ACCOUNT} money=1", f"{ACCOUNT} spend=nan"],
)  # fmt: skip
def test_what_is_no_bound_is_refused(entry: str) -> None:
    with pytest.raises(RefusalError, match="account_calls"):
        call_limits(Settings(account_calls=(entry,)))

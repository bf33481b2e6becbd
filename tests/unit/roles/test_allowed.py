"""What members are told that they may use is what other processes hold them to."""

import pytest

from ringfence.roles.allowed import allowed_of
from ringfence.roles.call_limits import call_limits
from ringfence.roles.fraud import code_bounds
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings

ACCOUNT = "AC" + "a" * 32


def test_the_settings_make_what_is_told() -> None:
    settings = Settings(
        api_rate_rps=7.5,
        number_rate_mps=2,
        account_rate_mps=3,
        number_rates=("+12025550123=4",),
        account_rates=(f"{ACCOUNT}=5",),
        sender_queue_s=6,
        verify_spends=(f"{ACCOUNT}=8",),
        account_calls=(f"{ACCOUNT} at_once=9",),
        verify_countries=("gb", "US"),
    )
    allowed = allowed_of(settings)
    assert (allowed.api_rate_rps, allowed.number_rate_mps, allowed.account_rate_mps) == (7.5, 2, 3)
    assert (allowed.number_rates, allowed.account_rates) == ({"+12025550123": 4.0}, {ACCOUNT: 5.0})
    assert (allowed.sender_queue_s, allowed.code_countries) == (6, ["GB", "US"])
    assert (allowed.calls, allowed.codes) == (call_limits(settings), code_bounds(settings))


@pytest.mark.parametrize(
    ("mode", "asked", "level"), [("dev", "", "off"), ("production", "", "standard"), ("dev", "max", "max")]
)
def test_the_guard_is_told_as_it_is(mode: str, asked: str, level: str) -> None:
    assert allowed_of(Settings(mode=mode, verify_fraud_guard=asked)).fraud_guard == level


def test_a_limit_that_is_none_is_refused() -> None:
    with pytest.raises(RefusalError, match="verify_spends"):
        allowed_of(Settings(verify_spends=("x",)))

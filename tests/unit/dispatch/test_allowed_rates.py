"""Rates that were raised hold in place of those that were set, and no longer than they stand."""

from ringfence.dispatch.rates import Rates
from ringfence.ports.operations import AllowedRate


def test_a_raised_rate_holds_at_once():
    rates = Rates(number_rate_mps=1, account_rate_mps=100, numbers={"+1": 2})
    assert rates.take("AC1", "+1", 10, 0)[0] == 2
    rates.allow([AllowedRate(kind="number", name="+1", rate_mps=5.0, at_ms=1)])
    assert rates.number_rate_mps("+1") == 5.0
    assert rates.take("AC1", "+1", 10, 0)[0] == 5
    rates.allow([AllowedRate(kind="account", name="AC1", rate_mps=3.0, at_ms=1)])
    assert rates.number_rate_mps("+1") == 2
    assert rates.take("AC1", "+2", 10, 0)[0] == 1

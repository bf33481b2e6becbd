import pytest

from ringfence.ports.operations import AllowedRate
from ringfence.roles.own_rates import parse_rates, queue_limit_of, rates_of
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings


def test_rates_by_account_or_number() -> None:
    assert parse_rates("number_rates", ["+12025550123=1", " AC1 = 2.5"]) == {"+12025550123": 1.0, "AC1": 2.5}


@pytest.mark.parametrize("entry", ["", "+12025550123", "=5", "AC1=0", "AC1=-1", "AC1=x", "AC1=nan", "AC1=100001"])
def test_what_is_no_rate_is_refused_by_its_setting(entry: str) -> None:
    with pytest.raises(RefusalError, match="account_rates"):
        parse_rates("account_rates", [entry])


def test_the_settings_make_the_rates() -> None:
    settings = Settings(number_rate_mps=3, number_rates=("+1=7",), account_rates=("AC1=1",))
    rates = rates_of(settings)
    assert (rates.number_rate_mps("+1"), rates.number_rate_mps("+2")) == (7, 3)
    assert rates.take("AC1", "+2", 9, 0) == (1, 0)


def test_as_many_texts_wait_for_a_number_as_it_may_send_at_the_rate_that_it_has_now() -> None:
    settings = Settings(number_rate_mps=0.3, sender_queue_s=10)
    rates = rates_of(settings)
    limit_of = queue_limit_of(settings, rates)
    assert limit_of("+1") == 3
    rates.allow([AllowedRate(kind="number", name="+1", rate_mps=4.0, at_ms=1)])
    assert (limit_of("+1"), limit_of("+2")) == (40, 3)

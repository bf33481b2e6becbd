import pytest

from ringfence.api.account_rate import AccountRate
from ringfence.api.admission import TooManyRequestsError
from ringfence.domain.clock import ManualClock


def passes(rate: AccountRate, tenant: str) -> bool:
    try:
        rate.spend(tenant)
    except TooManyRequestsError as refused:
        return refused.who != tenant
    return True


def test_an_account_has_so_many_a_second_and_others_their_own(clock: ManualClock) -> None:
    rate = AccountRate(clock, 3)
    assert [passes(rate, "AC1") for _ in range(4)] == [True, True, True, False]
    assert passes(rate, "AC2")
    clock.advance(334)
    assert [passes(rate, "AC1") for _ in range(2)] == [True, False]


def test_it_is_told_when_to_come_back(clock: ManualClock) -> None:
    rate = AccountRate(clock, 0.2)
    rate.spend("AC1")
    with pytest.raises(TooManyRequestsError) as refused:
        rate.spend("AC1")
    assert refused.value.retry_after_s == 5


def test_without_a_rate_everything_passes(clock: ManualClock) -> None:
    rate = AccountRate(clock, 0)
    assert all(passes(rate, "AC1") for _ in range(10_000))

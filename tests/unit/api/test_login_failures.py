from ringfence.api.login_failures import LoginFailures
from ringfence.domain.clock import ManualClock


def test_a_burst_is_within_and_one_more_is_not(clock: ManualClock) -> None:
    failures = LoginFailures(clock, burst=3)
    assert [failures.count("AC1") for _ in range(4)] == [True, True, True, False]


def test_accounts_do_not_share(clock: ManualClock) -> None:
    failures = LoginFailures(clock, burst=1)
    assert failures.count("AC1")
    assert failures.count("AC2")
    assert not failures.count("AC1")


def test_it_refills_a_burst_a_minute_and_no_more(clock: ManualClock) -> None:
    failures = LoginFailures(clock, burst=3)
    for _ in range(4):
        failures.count("AC1")
    clock.advance(20_000)
    assert failures.count("AC1")
    assert not failures.count("AC1")
    clock.advance(3_600_000)
    assert [failures.count("AC1") for _ in range(4)] == [True, True, True, False]


def test_it_forgets_the_account_that_failed_longest_ago(clock: ManualClock) -> None:
    failures = LoginFailures(clock, burst=1)
    failures.count("AC0")
    for n in range(1, 10_001):
        failures.count(f"AC{n}")
    assert failures.count("AC0")
    assert not failures.count("AC10000")

"""A text spends a token of its number and of its account."""

from ringfence.dispatch.rates import Rates


def test_a_number_has_its_own_rate() -> None:
    rates = Rates(number_rate_mps=2, account_rate_mps=100)
    assert rates.take("AC1", "+1", 5, 0) == (2, 0)
    assert rates.take("AC1", "+2", 5, 0) == (2, 0)
    assert rates.take("AC1", "+1", 5, 0) == (0, 500)


def test_an_account_caps_all_its_numbers_together_and_the_number_loses_nothing_by_it() -> None:
    rates = Rates(number_rate_mps=10, account_rate_mps=3)
    assert rates.take("AC1", "+1", 5, 0) == (3, 0)
    granted, wait_ms = rates.take("AC1", "+1", 5, 0)
    assert granted == 0
    assert wait_ms == 333
    assert rates.take("AC1", "+1", 5, 1_000) == (3, 0)


def test_accounts_do_not_share() -> None:
    rates = Rates(number_rate_mps=1, account_rate_mps=1)
    assert rates.take("AC1", "+1", 1, 0) == (1, 0)
    assert rates.take("AC2", "+1", 1, 0) == (1, 0)


def test_tokens_of_refused_texts_return_to_both() -> None:
    rates = Rates(number_rate_mps=2, account_rate_mps=2)
    assert rates.take("AC1", "+1", 2, 0) == (2, 0)
    rates.give_back("AC1", "+1", 2)
    assert rates.take("AC1", "+1", 2, 0) == (2, 0)


def test_numbers_and_accounts_may_have_rates_of_their_own() -> None:
    rates = Rates(number_rate_mps=2, account_rate_mps=100, numbers={"+1": 7}, accounts={"AC2": 3})
    assert (rates.number_rate_mps("+1"), rates.number_rate_mps("+2")) == (7, 2)
    assert rates.take("AC1", "+1", 9, 0) == (7, 0)
    assert rates.take("AC1", "+2", 9, 0) == (2, 0)
    assert rates.take("AC2", "+1", 9, 0) == (3, 0)


def test_what_was_forgotten_takes_nothing_back() -> None:
    rates = Rates(number_rate_mps=2, account_rate_mps=2)
    rates.give_back("AC1", "+1", 2)
    assert rates.take("AC1", "+1", 5, 0) == (2, 0)

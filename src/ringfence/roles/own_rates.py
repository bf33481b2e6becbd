"""Rates that single accounts or numbers have of their own, as an operator writes them: AC…=5, +12025550123=1."""

from collections.abc import Callable, Sequence
from math import ceil

from ringfence.dispatch.rates import Rates
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings


def rates_of(settings: Settings) -> Rates:
    """How fast numbers and accounts may send. RefusalError for a rate that is none."""
    return Rates(
        number_rate_mps=settings.number_rate_mps,
        account_rate_mps=settings.account_rate_mps,
        numbers=parse_rates("number_rates", settings.number_rates),
        accounts=parse_rates("account_rates", settings.account_rates),
    )


def queue_limit_of(settings: Settings, rates: Rates) -> Callable[[str], int]:
    """How many texts may wait for a number: what it sends in `sender_queue_s` at the rate that it has just then."""
    return lambda sender: ceil(settings.sender_queue_s * rates.number_rate_mps(sender))


def parse_rates(setting: str, entries: Sequence[str]) -> dict[str, float]:
    """Texts a second by account or number. RefusalError names the entry that is none."""
    rates: dict[str, float] = {}
    for entry in entries:
        whose, _, text = entry.partition("=")
        try:
            rate_mps = float(text)
        except ValueError:
            rate_mps = 0.0
        if not whose.strip() or not 0 < rate_mps <= 100_000:
            raise RefusalError(f"{setting}: {entry!r} is no rate", "write AC…=5 or +12025550123=1", exit_code=2)
        rates[whose.strip()] = rate_mps
    return rates

"""What settings allow accounts, as the tenants' console tells it."""

from ringfence.console.tenant.allowed import Allowed
from ringfence.roles.call_limits import call_limits
from ringfence.roles.fraud import code_bounds, guard_level
from ringfence.roles.own_rates import parse_rates
from ringfence.roles.settings import Settings


def allowed_of(settings: Settings) -> Allowed:
    """RefusalError for a limit that is none."""
    return Allowed(
        api_rate_rps=settings.api_rate_rps,
        number_rate_mps=settings.number_rate_mps,
        account_rate_mps=settings.account_rate_mps,
        number_rates=parse_rates("number_rates", settings.number_rates),
        account_rates=parse_rates("account_rates", settings.account_rates),
        sender_queue_s=settings.sender_queue_s,
        calls=call_limits(settings),
        codes=code_bounds(settings),
        fraud_guard=guard_level(settings),
        code_countries=[country.upper() for country in settings.verify_countries],
    )

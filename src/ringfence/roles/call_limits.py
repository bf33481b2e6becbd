"""The brakes on calls that the settings name."""

from ringfence.domain.rating import MICROS
from ringfence.roles.settings import Settings
from ringfence.usecases.voice.brakes import BrakeLimits


def call_limits(settings: Settings) -> BrakeLimits:
    """Bounds of one account."""
    return BrakeLimits(
        home=tuple(country.upper() for country in settings.call_countries),
        calls_per_s=settings.call_rate_cps,
        live_calls=settings.calls_at_once,
        max_rate_micros=round(settings.call_max_price * MICROS),
        spend_micros=round(settings.call_spend * MICROS),
        new_countries=settings.call_new_countries,
    )

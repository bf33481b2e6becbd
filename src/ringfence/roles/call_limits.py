"""The brakes on calls that the settings name."""

from collections.abc import Callable

from msgspec.structs import replace

from ringfence.domain.rating import MICROS
from ringfence.domain.sid import is_sid
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings
from ringfence.usecases.voice.brakes import BrakeLimits

HINT = "write AC… and what differs: spend=500 at_once=5000 cps=50 max_price=2 new_countries=20"


def call_limits(settings: Settings) -> BrakeLimits:
    """Bounds of one account, and those that single accounts have of their own. RefusalError for what is no bound."""
    limits = BrakeLimits(
        home=tuple(country.upper() for country in settings.call_countries),
        calls_per_s=settings.call_rate_cps,
        live_calls=settings.calls_at_once,
        max_rate_micros=_micros(settings.call_max_price),
        spend_micros=_micros(settings.call_spend),
        new_countries=settings.call_new_countries,
    )
    own = {}
    for entry in settings.account_calls:
        account, *words = entry.split()
        if not is_sid(account, "AC") or not words:
            raise _no_bound(entry)
        own[account] = replace(limits, **dict(_bound(entry, word) for word in words))
    return replace(limits, own=own)


def _bound(entry: str, word: str) -> tuple[str, float]:
    name, _, text = word.partition("=")
    try:
        field, read = _FIELDS[name]
        value = float(text)
    except (KeyError, ValueError):
        raise _no_bound(entry) from None
    if not 0 <= value <= 1e12 or (name == "cps" and value == 0):
        raise _no_bound(entry)
    return field, read(value)


def _no_bound(entry: str) -> RefusalError:
    return RefusalError(f"account_calls: {entry!r} is no bound", HINT, exit_code=2)


def _micros(amount: float) -> int:
    return round(amount * MICROS)


_FIELDS: dict[str, tuple[str, Callable[[float], float]]] = {
    "spend": ("spend_micros", _micros),
    "at_once": ("live_calls", int),
    "cps": ("calls_per_s", float),
    "max_price": ("max_rate_micros", _micros),
    "new_countries": ("new_countries", int),
}

"""The guard over codes, as the settings say."""

from typing import Literal

from ringfence.domain.fraud_guard.judgement import Level
from ringfence.domain.rating import MICROS
from ringfence.domain.sid import is_sid
from ringfence.ports.fraud_guard import FraudGuard
from ringfence.ports.keys import TenantKeys
from ringfence.ports.store import Store
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings
from ringfence.usecases.verify.watch_for_fraud import CodeBounds, FraudWatch

HINT = "write AC…=500 or VA…=20: what their codes may cost within a day"
AMOUNT_MAX = 1e9


def fraud_watch(settings: Settings, store: Store, keys: TenantKeys) -> FraudGuard:
    """In dev nothing is judged unless it is asked for: simulated telephones are neighbours, and bring few codes back.

    RefusalError for a bound that is none.
    """
    asked = guard_level(settings)
    countries = frozenset(country.upper() for country in settings.verify_countries)
    level = None if asked == "off" else asked
    return FraudWatch(store, keys, level=level, countries=countries, bounds=code_bounds(settings))


def guard_level(settings: Settings) -> Literal["off"] | Level:
    """What is asked for, or what there is without asking."""
    return settings.verify_fraud_guard or ("off" if settings.dev else "standard")


def code_bounds(settings: Settings) -> CodeBounds:
    """What codes may cost. RefusalError for a bound that is none."""
    return CodeBounds(whole_micros=round(settings.verify_spend * MICROS), own=dict(map(_bound, settings.verify_spends)))


def _bound(entry: str) -> tuple[str, int]:
    sid, _, text = (part.strip() for part in entry.partition("="))
    try:
        amount = float(text)
    except ValueError:
        amount = -1.0
    if not (is_sid(sid, "AC") or is_sid(sid, "VA")) or not 0 <= amount <= AMOUNT_MAX:
        raise RefusalError(f"verify_spends: {entry!r} is no bound", HINT, exit_code=2)
    return sid, round(amount * MICROS)

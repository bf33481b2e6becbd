"""The guard over codes, as the settings say."""

from ringfence.ports.fraud_guard import FraudGuard
from ringfence.ports.keys import TenantKeys
from ringfence.ports.store import Store
from ringfence.roles.settings import Settings
from ringfence.usecases.verify.watch_for_fraud import FraudWatch


def fraud_watch(settings: Settings, store: Store, keys: TenantKeys) -> FraudGuard:
    """In dev it is off unless it is asked for: simulated telephones are neighbours, and bring few codes back."""
    asked = settings.verify_fraud_guard or ("off" if settings.dev else "standard")
    countries = frozenset(country.upper() for country in settings.verify_countries)
    return FraudWatch(store, keys, level=None if asked == "off" else asked, countries=countries)

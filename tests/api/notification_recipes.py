"""How a device is brought to be woken."""

from typing import Any

import requests
from tests.api.factor_recipes import CHALLENGES, IDENTITY
from tests.api.push_device import Telephone
from tests.api.verify_recipes import SERVICES, Recipe, ask

TOKEN = "a-telephone-of-this-installation+12025550177"
"""The simulated network finds a handset by the number in it."""


def woken(tenant: Any, platform: str = "fcm", token: str = TOKEN) -> Telephone:
    """A verified telephone that a network can wake, where its platform is one."""
    service = tenant.client().verify.v2.services.create(friendly_name="Fade & Co").sid
    telephone = Telephone.verified(tenant, service)
    entity = tenant.client().verify.v2.services(service).entities(IDENTITY)
    entity.factors(telephone.factor).update(config_notification_platform=platform, config_notification_token=token)
    return telephone


def _create(tenant: Any) -> requests.Response:
    telephone = woken(tenant)
    entity = tenant.client().verify.v2.services(telephone.service).entities(IDENTITY)
    asked = entity.challenges.create(factor_sid=telephone.factor, details_message="Log in?").sid
    path = f"{SERVICES}/{telephone.service}/Entities/{IDENTITY}/Challenges/{asked}/Notifications"
    return ask(tenant, "POST", path, {"Ttl": "150"})


NOTIFICATION_RECIPES: dict[tuple[str, str], Recipe] = {
    ("POST", f"{CHALLENGES}/{{ChallengeSid}}/Notifications"): _create,
}

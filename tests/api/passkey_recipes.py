"""How each operation on passkeys is brought to answer with what it is there for, by a software authenticator."""

from collections.abc import Callable
from typing import Any

import requests
from tests.api.verify_recipes import SERVICE, SERVICES, Recipe
from twilio.rest.verify.v2.service.approve_challenge import ApproveChallengeList
from twilio.rest.verify.v2.service.new_challenge import NewChallengeContext
from twilio.rest.verify.v2.service.new_factor import NewFactorList
from twilio.rest.verify.v2.service.new_verify_factor import NewVerifyFactorList

from software_authenticator import RIGHT, SoftwareAuthenticator, Wrong

IDENTITY = "ff483d1f-f591898a"
ORIGIN = "https://login.shop.example"
SETTINGS = {
    "passkeys_relying_party_id": "shop.example",
    "passkeys_relying_party_name": "Shop",
    "passkeys_relying_party_origins": "shop.example,login.shop.example",
    "passkeys_authenticator_attachment": "platform",
    "passkeys_discoverable_credentials": "preferred",
    "passkeys_user_verification": "preferred",
}


class Shop:
    """A site that signs its members in by passkeys, through the official SDK."""

    def __init__(self, tenant: Any, **settings: str) -> None:
        verify = tenant.client().verify.v2
        self.sid = verify.services.create(friendly_name="Shop", **(SETTINGS | settings)).sid
        self.service = verify.services(self.sid)

    def begin(self, identity: str = IDENTITY, name: str = "Ann's telephone", **config: Any) -> Any:
        wanted = {"friendly_name": name, "identity": identity, "config": config or None}
        return self.service.new_factors.create(NewFactorList.CreateNewPasskeysFactorRequest(wanted))

    def verify(self, answer: dict[str, Any]) -> Any:
        return self.service.new_verify_factors.update(NewVerifyFactorList.VerifyPasskeysFactorRequest(answer))

    def register(
        self, authenticator: SoftwareAuthenticator, identity: str = IDENTITY, wrong: Wrong = RIGHT, **config: Any
    ) -> Any:
        begun = self.begin(identity, **config)
        return self.verify(authenticator.create(begun.options["publicKey"], ORIGIN, wrong))

    def ask(self, identity: str | None = None, factor: str | None = None) -> Any:
        wanted = {"identity": identity, "factor_sid": factor}
        return self.service.new_challenge().create(NewChallengeContext.CreatePasskeysChallengeRequest(wanted))

    def approve(self, answer: dict[str, Any]) -> Any:
        return self.service.approve_challenge.update(ApproveChallengeList.ApprovePasskeysChallengeRequest(answer))

    def log_in(
        self, authenticator: SoftwareAuthenticator, identity: str | None = IDENTITY, wrong: Wrong = RIGHT
    ) -> Any:
        asked = self.ask(identity)
        return self.approve(authenticator.get(asked.options["publicKey"], ORIGIN, wrong))


def on_shop(path: str, body: Callable[[Shop, SoftwareAuthenticator], dict[str, Any]]) -> Recipe:
    """POST on `path` below a service's Passkeys, with a body made where one passkey is registered."""

    def make(tenant: Any) -> requests.Response:
        shop, authenticator = Shop(tenant), SoftwareAuthenticator()
        shop.register(authenticator)
        url = f"{tenant.installation.url}/verify{SERVICES}/{shop.sid}/Passkeys/{path}"
        return requests.post(url, auth=(tenant.sid, tenant.token), json=body(shop, authenticator), timeout=10)

    return make


def _created(shop: Shop, _: SoftwareAuthenticator) -> dict[str, Any]:
    return SoftwareAuthenticator().create(shop.begin().options["publicKey"], ORIGIN)


def _got(shop: Shop, authenticator: SoftwareAuthenticator) -> dict[str, Any]:
    return authenticator.get(shop.ask(IDENTITY).options["publicKey"], ORIGIN)


PASSKEYS = f"{SERVICE}/Passkeys"

PASSKEY_RECIPES: dict[tuple[str, str], Recipe] = {
    ("POST", f"{PASSKEYS}/Factors"): on_shop("Factors", lambda *_: {"friendly_name": "x", "identity": IDENTITY}),
    ("POST", f"{PASSKEYS}/VerifyFactor"): on_shop("VerifyFactor", _created),
    ("POST", f"{PASSKEYS}/Challenges"): on_shop("Challenges", lambda *_: {"identity": IDENTITY}),
    ("POST", f"{PASSKEYS}/ApproveChallenge"): on_shop("ApproveChallenge", _got),
}

"""How each operation on entities, factors and challenges is brought to answer with what it is there for."""

from typing import Any

import requests
from tests.api.verify_recipes import SERVICE, SERVICES, Recipe, ask, on_service

from ringfence.domain.totp import TotpShape, code_at, read_secret, step_at

IDENTITY = "ff483d1f-f591898a"
SHAPE = TotpShape()


_first_steps: dict[str, int] = {}


def code_of(tenant: Any, secret: str, off: int = 0) -> str:
    """What an app with this secret shows now, though not before the step after the one in which it was first asked.

    `off` is so many steps from there.

    A test that began at the end of a step asks for the same codes as any other, and they are good for a minute more.
    """
    now = step_at(tenant.installation.clock.now_ms(), SHAPE)
    step = max(_first_steps.setdefault(secret, now) + 1, now)
    return code_at(read_secret(secret), step + off, SHAPE)


def totp_factor(tenant: Any, service: str, identity: str = IDENTITY) -> tuple[str, str]:
    """A verified TOTP factor and its secret. `code_of` it is the next code after the one that is used."""
    entity = tenant.client().verify.v2.services(service).entities(identity)
    made = entity.new_factors.create(friendly_name="Alice's telephone", factor_type="totp")
    verified = entity.factors(made.sid).update(auth_payload=code_of(tenant, made.binding["secret"], -1))
    assert verified.status == "verified"
    return made.sid, made.binding["secret"]


def on_entity(method: str, path: str = "", **data: str) -> Recipe:
    """`path` below a service's Entities, with {0} for an identity, {1} for a factor that is one, {code} for a code."""

    def make(tenant: Any) -> requests.Response:
        service = tenant.client().verify.v2.services.create(friendly_name="Fade & Co").sid
        factor, secret = totp_factor(tenant, service)
        challenge = tenant.client().verify.v2.services(service).entities(IDENTITY).challenges.create(factor_sid=factor)
        places = {"code": code_of(tenant, secret)}
        filled = {name: value.format(IDENTITY, factor, challenge.sid, **places) for name, value in data.items()}
        where = f"{SERVICES}/{service}/Entities{path.format(IDENTITY, factor, challenge.sid)}"
        return ask(tenant, method, where, filled)

    return make


def on_new_factor(method: str, path: str, **data: str) -> Recipe:
    """`path` below a service's Entities, with {1} for a factor that is yet to be verified."""

    def make(tenant: Any) -> requests.Response:
        service = tenant.client().verify.v2.services.create(friendly_name="Fade & Co").sid
        entity = tenant.client().verify.v2.services(service).entities(IDENTITY)
        made = entity.new_factors.create(friendly_name="Alice's telephone", factor_type="totp")
        filled = {name: value.format(code=code_of(tenant, made.binding["secret"])) for name, value in data.items()}
        return ask(tenant, method, f"{SERVICES}/{service}/Entities{path.format(IDENTITY, made.sid)}", filled)

    return make


def fetch_access_token(tenant: Any) -> requests.Response:
    """Of a token that was made just now."""
    service = tenant.client().verify.v2.services.create(friendly_name="Fade & Co").sid
    tokens = tenant.client().verify.v2.services(service).access_tokens
    made = tokens.create(identity=IDENTITY, factor_type="push")
    return ask(tenant, "GET", f"{SERVICES}/{service}/AccessTokens/{made.sid}")


ENTITIES = f"{SERVICE}/Entities"
FACTORS = f"{ENTITIES}/{{Identity}}/Factors"
CHALLENGES = f"{ENTITIES}/{{Identity}}/Challenges"

FACTOR_RECIPES: dict[tuple[str, str], Recipe] = {
    ("POST", ENTITIES): on_entity("POST", Identity="another-identity"),
    ("GET", ENTITIES): on_entity("GET"),
    ("GET", f"{ENTITIES}/{{Identity}}"): on_entity("GET", "/{0}"),
    ("DELETE", f"{ENTITIES}/{{Identity}}"): on_entity("DELETE", "/{0}"),
    ("POST", FACTORS): on_entity("POST", "/{0}/Factors", FriendlyName="x", FactorType="totp"),
    ("GET", FACTORS): on_entity("GET", "/{0}/Factors"),
    ("GET", f"{FACTORS}/{{Sid}}"): on_entity("GET", "/{0}/Factors/{1}"),
    ("POST", f"{FACTORS}/{{Sid}}"): on_new_factor("POST", "/{0}/Factors/{1}", AuthPayload="{code}"),
    ("DELETE", f"{FACTORS}/{{Sid}}"): on_entity("DELETE", "/{0}/Factors/{1}"),
    ("POST", f"{SERVICE}/AccessTokens"): on_service("POST", "/{}/AccessTokens", Identity=IDENTITY, FactorType="push"),
    ("GET", f"{SERVICE}/AccessTokens/{{Sid}}"): fetch_access_token,
    ("GET", "/v2/Forms/{FormType}"): lambda tenant: ask(tenant, "GET", "/v2/Forms/form-push"),
    ("POST", CHALLENGES): on_entity("POST", "/{0}/Challenges", FactorSid="{1}", AuthPayload="{code}"),
    ("GET", CHALLENGES): on_entity("GET", "/{0}/Challenges?Order=asc"),
    ("GET", f"{CHALLENGES}/{{Sid}}"): on_entity("GET", "/{0}/Challenges/{2}"),
    ("POST", f"{CHALLENGES}/{{Sid}}"): on_entity("POST", "/{0}/Challenges/{2}", AuthPayload="{code}"),
}

"""How each operation around lookups is brought to answer with what it is there for."""

from collections.abc import Callable
from typing import Any

import requests

from ringfence.carriers.simulator.subscriber import Subscriber
from ringfence.domain.lookups.identity import Identity

Recipe = Callable[[Any], requests.Response]

NUMBER = "+12025550177"
LINE_TYPE = "line_type_intelligence"
OVERRIDE = f"/v2/PhoneNumbers/{NUMBER}/Overrides/{LINE_TYPE}"
RULE = "/v2/RateLimits/Fields/sim_swap/Bucket/hourly"
ALL = (
    "validation,caller_name,sim_swap,call_forwarding,line_status,line_type_intelligence,identity_match,"
    "reassigned_number,sms_pumping_risk,phone_number_quality_score"
)


def ask(tenant: Any, method: str, path: str, **options: Any) -> requests.Response:
    url = f"{tenant.installation.url}/lookups{path}"
    return requests.request(method, url, auth=(tenant.sid, tenant.token), timeout=10, **options)


def known(tenant: Any, number: str = NUMBER, **facts: Any) -> None:
    """Let the number be somebody's, of whom this is known."""
    network = tenant.installation.network

    async def set_facts() -> None:
        network.add_handset(number, "Sam Rivera").subscriber = Subscriber(**facts)

    tenant.installation.run(set_facts())


def on_number(path: str) -> Recipe:
    def make(tenant: Any) -> requests.Response:
        known(tenant, identity=Identity(first_name="Sam"))
        return ask(tenant, "GET", path)

    return make


def batch(tenant: Any) -> requests.Response:
    known(tenant)
    wanted = {"correlation_id": "1", "phone_number": NUMBER, "fields": ["sim_swap", LINE_TYPE]}
    return ask(tenant, "POST", "/v2/batch/query", json={"phone_numbers": [wanted]})


def on_override(method: str, **options: Any) -> Recipe:
    def make(tenant: Any) -> requests.Response:
        ask(tenant, "POST", OVERRIDE, json={"line_type": "pager", "reason": "They told us."})
        return ask(tenant, method, OVERRIDE, **options)

    return make


def on_rule(method: str, path: str = RULE, **options: Any) -> Recipe:
    def make(tenant: Any) -> requests.Response:
        ask(tenant, "PUT", RULE, json={"limit": 5, "ttl": 3600})
        return ask(tenant, method, path, **options)

    return make


_NUMBER, _OVERRIDE = "/v2/PhoneNumbers/{PhoneNumber}", "/v2/PhoneNumbers/{PhoneNumber}/Overrides/{Field}"
_RULE = "/v2/RateLimits/Fields/{Field}/Bucket/{Bucket}"
LOOKUP_RECIPES: dict[tuple[str, str], Recipe] = {
    ("GET", _NUMBER): on_number(f"/v2/PhoneNumbers/{NUMBER}?Fields={ALL}&FirstName=Sam&LastVerifiedDate=20260101"),
    ("GET", "/v1/PhoneNumbers/{PhoneNumber}"): on_number(f"/v1/PhoneNumbers/{NUMBER}?Type=carrier&Type=caller-name"),
    ("POST", "/v2/batch/query"): batch,
    ("POST", _OVERRIDE): lambda tenant: ask(tenant, "POST", OVERRIDE, json={"line_type": "mobile"}),
    ("GET", _OVERRIDE): on_override("GET"),
    ("PUT", _OVERRIDE): on_override("PUT", json={"reason": "They told us again."}),
    ("DELETE", _OVERRIDE): on_override("DELETE"),
    ("PUT", _RULE): lambda tenant: ask(tenant, "PUT", RULE, json={"limit": 5}),
    ("GET", _RULE): on_rule("GET"),
    ("DELETE", _RULE): on_rule("DELETE"),
    ("GET", "/v2/RateLimits"): on_rule("GET", "/v2/RateLimits?Fields=sim_swap"),
}

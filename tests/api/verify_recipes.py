"""How each operation of Verify is brought to answer with what it is there for."""

from collections.abc import Callable
from typing import Any

import requests

Recipe = Callable[[Any], requests.Response]

SERVICES = "/v2/Services"
SERVICE = f"{SERVICES}/{{ServiceSid}}"


def ask(tenant: Any, method: str, path: str, data: dict[str, str] | None = None) -> requests.Response:
    url = f"{tenant.installation.url}/verify{path}"
    return requests.request(method, url, auth=(tenant.sid, tenant.token), data=data, timeout=10)


def on_service(method: str, path: str = "", **data: str) -> Recipe:
    """`path` below /v2/Services, with a place for a service's SID."""

    def make(tenant: Any) -> requests.Response:
        service = tenant.client().verify.v2.services.create(friendly_name="Fade & Co")
        return ask(tenant, method, SERVICES + path.format(service.sid), data)

    return make


VERIFY_RECIPES: dict[tuple[str, str], Recipe] = {
    ("POST", SERVICES): on_service("POST", FriendlyName="x"),
    ("GET", SERVICES): on_service("GET", "?PageSize=20"),
    ("GET", f"{SERVICES}/{{Sid}}"): on_service("GET", "/{}"),
    ("POST", f"{SERVICES}/{{Sid}}"): on_service("POST", "/{}", CodeLength="8"),
    ("DELETE", f"{SERVICES}/{{Sid}}"): on_service("DELETE", "/{}"),
}

"""How each operation around calls is brought to answer with what it is there for."""

from collections.abc import Callable
from typing import Any

import requests

Recipe = Callable[[Any], requests.Response]

ACCOUNT = "/2010-04-01/Accounts/{AccountSid}"
PERMISSIONS = "/v1/DialingPermissions"


def on_application(method: str, path: str = "/Applications/{}.json", **options: Any) -> Recipe:
    def make(tenant: Any) -> requests.Response:
        made = tenant.client().applications.create(friendly_name="Shop", voice_url="https://shop.example/voice")
        return tenant.ask(method, path.format(made.sid), **options)

    return make


def on_voice(method: str, path: str, **options: Any) -> Recipe:
    return lambda tenant: requests.request(
        method, f"{tenant.installation.url}/voice{path}", auth=(tenant.sid, tenant.token), timeout=10, **options
    )


BULK = {"UpdateRequest": '[{"iso_code": "GB", "low_risk_numbers_enabled": "true"}]'}
VOICE_RECIPES: dict[tuple[str, str], Recipe] = {
    ("POST", f"{ACCOUNT}/Applications"): lambda tenant: tenant.ask("POST", "/Applications.json"),
    ("GET", f"{ACCOUNT}/Applications"): on_application("GET", "/Applications.json?{}"),
    ("GET", f"{ACCOUNT}/Applications/{{Sid}}"): on_application("GET"),
    ("POST", f"{ACCOUNT}/Applications/{{Sid}}"): on_application("POST", data={"SmsMethod": "GET"}),
    ("DELETE", f"{ACCOUNT}/Applications/{{Sid}}"): on_application("DELETE"),
    ("GET", f"{PERMISSIONS}/Countries"): on_voice("GET", f"{PERMISSIONS}/Countries?IsoCode=LV"),
    ("GET", f"{PERMISSIONS}/Countries/{{IsoCode}}"): on_voice("GET", f"{PERMISSIONS}/Countries/LV"),
    ("GET", f"{PERMISSIONS}/Countries/{{IsoCode}}/HighRiskSpecialPrefixes"): on_voice(
        "GET", f"{PERMISSIONS}/Countries/LV/HighRiskSpecialPrefixes"
    ),
    ("POST", f"{PERMISSIONS}/BulkCountryUpdates"): on_voice("POST", f"{PERMISSIONS}/BulkCountryUpdates", data=BULK),
    ("GET", "/v1/Settings"): on_voice("GET", "/v1/Settings"),
    ("POST", "/v1/Settings"): on_voice("POST", "/v1/Settings", data={"DialingPermissionsInheritance": "false"}),
}

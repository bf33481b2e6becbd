"""How each operation around calls is brought to answer with what it is there for."""

from collections.abc import Callable
from typing import Any

import requests
from tests.api.test_call_troubles import troubled

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


def on_trouble(method: str, path: str) -> Recipe:
    """`path` with a call's sid and a notification's; the call has asked its program, and been refused."""

    def make(tenant: Any) -> requests.Response:
        sid = troubled(tenant)
        (error,) = tenant.client().notifications.list(log=0)
        return tenant.ask(method, path.format(sid, error.sid))

    return make


VOICE_RECIPES: dict[tuple[str, str], Recipe] = {
    ("POST", f"{ACCOUNT}/Applications"): lambda tenant: tenant.ask("POST", "/Applications.json"),
    ("GET", f"{ACCOUNT}/Applications"): on_application("GET", "/Applications.json?{}"),
    ("GET", f"{ACCOUNT}/Applications/{{Sid}}"): on_application("GET"),
    ("POST", f"{ACCOUNT}/Applications/{{Sid}}"): on_application("POST", data={"SmsMethod": "GET"}),
    ("DELETE", f"{ACCOUNT}/Applications/{{Sid}}"): on_application("DELETE"),
    ("GET", f"{ACCOUNT}/Notifications"): on_trouble("GET", "/Notifications.json"),
    ("GET", f"{ACCOUNT}/Notifications/{{Sid}}"): on_trouble("GET", "/Notifications/{1}.json"),
    ("GET", f"{ACCOUNT}/Calls/{{CallSid}}/Notifications"): on_trouble("GET", "/Calls/{0}/Notifications.json"),
    ("GET", f"{ACCOUNT}/Calls/{{CallSid}}/Notifications/{{Sid}}"): on_trouble(
        "GET", "/Calls/{0}/Notifications/{1}.json"
    ),
    ("GET", f"{ACCOUNT}/Calls/{{CallSid}}/Events"): on_trouble("GET", "/Calls/{0}/Events.json"),
    ("POST", f"{ACCOUNT}/Tokens"): lambda tenant: tenant.ask("POST", "/Tokens.json"),
    ("GET", f"{PERMISSIONS}/Countries"): on_voice("GET", f"{PERMISSIONS}/Countries?IsoCode=LV"),
    ("GET", f"{PERMISSIONS}/Countries/{{IsoCode}}"): on_voice("GET", f"{PERMISSIONS}/Countries/LV"),
    ("GET", f"{PERMISSIONS}/Countries/{{IsoCode}}/HighRiskSpecialPrefixes"): on_voice(
        "GET", f"{PERMISSIONS}/Countries/LV/HighRiskSpecialPrefixes"
    ),
    ("POST", f"{PERMISSIONS}/BulkCountryUpdates"): on_voice("POST", f"{PERMISSIONS}/BulkCountryUpdates", data=BULK),
    ("GET", "/v1/Settings"): on_voice("GET", "/v1/Settings"),
    ("POST", "/v1/Settings"): on_voice("POST", "/v1/Settings", data={"DialingPermissionsInheritance": "false"}),
}

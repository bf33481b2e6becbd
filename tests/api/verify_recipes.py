"""How each operation of Verify is brought to answer with what it is there for."""

from collections.abc import Callable
from typing import Any

import requests

from ringfence.ports.verification_codes import CodeOf

Recipe = Callable[[Any], requests.Response]

TO = "+12025550177"
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


def on_limit(method: str, path: str = "", **data: str) -> Recipe:
    """`path` below a service's RateLimits, with places for the SIDs of one and of a bucket in it."""

    def make(tenant: Any) -> requests.Response:
        service = tenant.client().verify.v2.services.create(friendly_name="Fade & Co")
        limit = service.rate_limits.create(unique_name="ip")
        bucket = (
            tenant.client().verify.v2.services(service.sid).rate_limits(limit.sid).buckets.create(max=4, interval=60)
        )
        return ask(tenant, method, f"{SERVICES}/{service.sid}/RateLimits{path.format(limit.sid, bucket.sid)}", data)

    return make


def on_verification(method: str, path: str, **data: str) -> Recipe:
    """`path` below /v2/Services with places for a service's and a verification's SID, and its code as {code}."""

    def make(tenant: Any) -> requests.Response:
        service = tenant.client().verify.v2.services.create(friendly_name="Fade & Co")
        started = tenant.client().verify.v2.services(service.sid).verifications.create(to=TO, channel="sms")
        installation = tenant.installation
        whose = CodeOf(account=tenant.sid, sid=started.sid, service=service.sid, to=TO)
        (code,) = installation.run(installation.keys.reveal_codes([whose]))
        filled = {name: value.format(code=code) for name, value in data.items()}
        return ask(tenant, method, SERVICES + path.format(service.sid, started.sid), filled)

    return make


def on_attempt(path: str) -> Recipe:
    """`path` below Attempts, with a place for the SID of one."""

    def make(tenant: Any) -> requests.Response:
        service = tenant.client().verify.v2.services.create(friendly_name="Fade & Co")
        started = tenant.client().verify.v2.services(service.sid).verifications.create(to=TO, channel="sms")
        return ask(tenant, "GET", f"/v2/Attempts{path.format(started.send_code_attempts[0]['attempt_sid'])}")

    return make


def on_configuration(method: str, path: str = "", **data: str) -> Recipe:
    """`path` below a service's MessagingConfigurations, where Canada has one."""

    def make(tenant: Any) -> requests.Response:
        texting = tenant.client().messaging.v1.services.create(friendly_name="Reminders").sid
        service = tenant.client().verify.v2.services.create(friendly_name="Fade & Co")
        service.messaging_configurations.create(country="CA", messaging_service_sid=texting)
        form = {name: value.format(texting) for name, value in data.items()}
        return ask(tenant, method, f"{SERVICES}/{service.sid}/MessagingConfigurations{path}", form)

    return make


def on_safe_list(method: str, path: str = "", **data: str) -> Recipe:
    """`path` below SafeList/Numbers, where one is."""

    def make(tenant: Any) -> requests.Response:
        tenant.client().verify.v2.safelist.create(phone_number="+12025550123")
        return ask(tenant, method, f"/v2/SafeList/Numbers{path}", data)

    return make


def on_webhook(method: str, path: str = "", **data: str) -> Recipe:
    """`path` below a service's Webhooks, with a place for the SID of one."""

    def make(tenant: Any) -> requests.Response:
        service = tenant.client().verify.v2.services.create(friendly_name="Fade & Co")
        hook = service.webhooks.create(friendly_name="x", event_types=["*"], webhook_url="https://owl.example/v")
        return ask(tenant, method, f"{SERVICES}/{service.sid}/Webhooks{path.format(hook.sid)}", data)

    return make


LIMITS = f"{SERVICE}/RateLimits"
BUCKETS = f"{LIMITS}/{{RateLimitSid}}/Buckets"
CONFIGURATIONS = f"{SERVICE}/MessagingConfigurations"
WEBHOOKS = f"{SERVICE}/Webhooks"
SAFE = "/v2/SafeList/Numbers"

VERIFY_RECIPES: dict[tuple[str, str], Recipe] = {
    ("POST", SERVICES): on_service("POST", FriendlyName="x"),
    ("GET", SERVICES): on_service("GET", "?PageSize=20"),
    ("GET", f"{SERVICES}/{{Sid}}"): on_service("GET", "/{}"),
    ("POST", f"{SERVICES}/{{Sid}}"): on_service("POST", "/{}", CodeLength="8"),
    ("DELETE", f"{SERVICES}/{{Sid}}"): on_service("DELETE", "/{}"),
    ("POST", LIMITS): on_limit("POST", UniqueName="device"),
    ("GET", LIMITS): on_limit("GET"),
    ("GET", f"{LIMITS}/{{Sid}}"): on_limit("GET", "/{0}"),
    ("POST", f"{LIMITS}/{{Sid}}"): on_limit("POST", "/{0}", Description="x"),
    ("DELETE", f"{LIMITS}/{{Sid}}"): on_limit("DELETE", "/{0}"),
    ("POST", BUCKETS): on_limit("POST", "/{0}/Buckets", Max="5", Interval="600"),
    ("GET", BUCKETS): on_limit("GET", "/{0}/Buckets"),
    ("GET", f"{BUCKETS}/{{Sid}}"): on_limit("GET", "/{0}/Buckets/{1}"),
    ("POST", f"{BUCKETS}/{{Sid}}"): on_limit("POST", "/{0}/Buckets/{1}", Max="6"),
    ("DELETE", f"{BUCKETS}/{{Sid}}"): on_limit("DELETE", "/{0}/Buckets/{1}"),
    ("POST", CONFIGURATIONS): on_configuration("POST", Country="US", MessagingServiceSid="{}"),
    ("GET", CONFIGURATIONS): on_configuration("GET"),
    ("GET", f"{CONFIGURATIONS}/{{Country}}"): on_configuration("GET", "/CA"),
    ("POST", f"{CONFIGURATIONS}/{{Country}}"): on_configuration("POST", "/CA", MessagingServiceSid="{}"),
    ("DELETE", f"{CONFIGURATIONS}/{{Country}}"): on_configuration("DELETE", "/CA"),
    ("POST", WEBHOOKS): on_webhook("POST", FriendlyName="x", EventTypes="*", WebhookUrl="https://owl.example/v"),
    ("GET", WEBHOOKS): on_webhook("GET"),
    ("GET", f"{WEBHOOKS}/{{Sid}}"): on_webhook("GET", "/{}"),
    ("POST", f"{WEBHOOKS}/{{Sid}}"): on_webhook("POST", "/{}", Status="disabled"),
    ("DELETE", f"{WEBHOOKS}/{{Sid}}"): on_webhook("DELETE", "/{}"),
    ("POST", SAFE): on_safe_list("POST", PhoneNumber="+12025550124"),
    ("GET", f"{SAFE}/{{PhoneNumber}}"): on_safe_list("GET", "/+12025550123"),
    ("DELETE", f"{SAFE}/{{PhoneNumber}}"): on_safe_list("DELETE", "/+12025550123"),
    ("GET", "/v2/Templates"): lambda tenant: ask(tenant, "GET", "/v2/Templates"),
    ("POST", f"{SERVICE}/Verifications"): on_service("POST", "/{}/Verifications", To=TO, Channel="sms"),
    ("GET", f"{SERVICE}/Verifications/{{Sid}}"): on_verification("GET", "/{}/Verifications/{}"),
    ("POST", f"{SERVICE}/Verifications/{{Sid}}"): on_verification("POST", "/{}/Verifications/{}", Status="canceled"),
    ("GET", "/v2/Attempts"): on_attempt("?Channel=sms"),
    ("GET", "/v2/Attempts/{Sid}"): on_attempt("/{}"),
    ("GET", "/v2/Attempts/Summary"): on_attempt("/Summary"),
    ("POST", f"{SERVICE}/VerificationCheck"): on_verification("POST", "/{}/VerificationCheck", To=TO, Code="{code}"),
}

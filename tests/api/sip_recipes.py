"""How each operation on SIP's resources is brought to answer with what it is there for."""

from collections.abc import Callable
from itertools import count
from typing import Any

import requests

SIP = "/2010-04-01/Accounts/{AccountSid}/SIP"
DOMAINS, DOMAIN = f"{SIP}/Domains", f"{SIP}/Domains/{{DomainSid}}"
CREDENTIAL_LISTS, IP_LISTS = f"{SIP}/CredentialLists", f"{SIP}/IpAccessControlLists"
CREDENTIALS = f"{CREDENTIAL_LISTS}/{{CredentialListSid}}/Credentials"
ADDRESSES = f"{IP_LISTS}/{{IpAccessControlListSid}}/IpAddresses"
ROADS = (
    ("CredentialListMappings", "CredentialListSid", "CL"),
    ("IpAccessControlListMappings", "IpAccessControlListSid", "AL"),
    ("Auth/Calls/CredentialListMappings", "CredentialListSid", "CL"),
    ("Auth/Calls/IpAccessControlListMappings", "IpAccessControlListSid", "AL"),
    ("Auth/Registrations/CredentialListMappings", "CredentialListSid", "CL"),
)
PASSWORD = "Scissors-and-Comb-1"

Recipe = Callable[[Any], requests.Response]
_names = count(1)


def domain_name() -> str:
    return f"shop-{next(_names)}.sip.twilio.com"


class Things:
    """One of everything, by sid."""

    def __init__(self, tenant: Any) -> None:
        sip = tenant.client().sip
        self.SD = sip.domains.create(domain_name=domain_name(), voice_url="https://shop.example/voice").sid
        credentials = sip.credential_lists.create(friendly_name="Phones")
        self.CL, self.CR = credentials.sid, credentials.credentials.create("alice", PASSWORD).sid
        addresses = sip.ip_access_control_lists.create(friendly_name="Office")
        self.AL, self.IP = addresses.sid, addresses.ip_addresses.create("Gateway", "192.0.2.7").sid


def on(method: str, path: str, form: dict[str, str] | None = None, *, mapped: str = "") -> Recipe:
    """`path` below SIP with sids by their prefix; `mapped` is the road by which a list is mapped before."""

    def make(tenant: Any) -> requests.Response:
        things = Things(tenant)
        sids = vars(things)
        if mapped:
            (parameter, prefix) = next(road[1:] for road in ROADS if road[0] == mapped)
            made = tenant.ask("POST", f"/SIP/Domains/{things.SD}/{mapped}.json", data={parameter: sids[prefix]})
            assert made.status_code == 201
        data = {name: value.format(**sids) for name, value in (form or {}).items()}
        return tenant.ask(method, f"/SIP/{path.format(**sids)}.json", data=data or None)

    return make


def created(tenant: Any) -> requests.Response:
    return tenant.ask("POST", "/SIP/Domains.json", data={"DomainName": domain_name()})


SIP_RECIPES: dict[tuple[str, str], Recipe] = {
    ("POST", DOMAINS): created,
    ("GET", DOMAINS): on("GET", "Domains"),
    ("GET", f"{DOMAINS}/{{Sid}}"): on("GET", "Domains/{SD}"),
    ("POST", f"{DOMAINS}/{{Sid}}"): on("POST", "Domains/{SD}", {"Secure": "true"}),
    ("DELETE", f"{DOMAINS}/{{Sid}}"): on("DELETE", "Domains/{SD}"),
    ("POST", CREDENTIALS): on("POST", "CredentialLists/{CL}/Credentials", {"Username": "bob", "Password": PASSWORD}),
    ("GET", CREDENTIALS): on("GET", "CredentialLists/{CL}/Credentials"),
    ("GET", f"{CREDENTIALS}/{{Sid}}"): on("GET", "CredentialLists/{CL}/Credentials/{CR}"),
    ("POST", f"{CREDENTIALS}/{{Sid}}"): on("POST", "CredentialLists/{CL}/Credentials/{CR}", {"Password": PASSWORD}),
    ("DELETE", f"{CREDENTIALS}/{{Sid}}"): on("DELETE", "CredentialLists/{CL}/Credentials/{CR}"),
    ("POST", ADDRESSES): on(
        "POST", "IpAccessControlLists/{AL}/IpAddresses", {"FriendlyName": "x", "IpAddress": "192.0.2.8"}
    ),
    ("GET", ADDRESSES): on("GET", "IpAccessControlLists/{AL}/IpAddresses"),
    ("GET", f"{ADDRESSES}/{{Sid}}"): on("GET", "IpAccessControlLists/{AL}/IpAddresses/{IP}"),
    ("POST", f"{ADDRESSES}/{{Sid}}"): on("POST", "IpAccessControlLists/{AL}/IpAddresses/{IP}", {"FriendlyName": "y"}),
    ("DELETE", f"{ADDRESSES}/{{Sid}}"): on("DELETE", "IpAccessControlLists/{AL}/IpAddresses/{IP}"),
}
for _path, _below, _sid in ((CREDENTIAL_LISTS, "CredentialLists", "{CL}"), (IP_LISTS, "IpAccessControlLists", "{AL}")):
    SIP_RECIPES |= {
        ("POST", _path): on("POST", _below, {"FriendlyName": "x"}),
        ("GET", _path): on("GET", _below),
        ("GET", f"{_path}/{{Sid}}"): on("GET", f"{_below}/{_sid}"),
        ("POST", f"{_path}/{{Sid}}"): on("POST", f"{_below}/{_sid}", {"FriendlyName": "y"}),
        ("DELETE", f"{_path}/{{Sid}}"): on("DELETE", f"{_below}/{_sid}"),
    }
for _road, _parameter, _prefix in ROADS:
    _path, _one = f"{DOMAIN}/{_road}", f"Domains/{{SD}}/{_road}/{{{_prefix}}}"
    SIP_RECIPES |= {
        ("POST", _path): on("POST", f"Domains/{{SD}}/{_road}", {_parameter: f"{{{_prefix}}}"}),
        ("GET", _path): on("GET", f"Domains/{{SD}}/{_road}", mapped=_road),
        ("GET", f"{_path}/{{Sid}}"): on("GET", _one, mapped=_road),
        ("DELETE", f"{_path}/{{Sid}}"): on("DELETE", _one, mapped=_road),
    }

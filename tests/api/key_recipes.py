"""How each operation on keys and on Auth Tokens is brought to answer with what it is there for."""

from collections.abc import Callable
from typing import Any

import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

Recipe = Callable[[Any], requests.Response]

PUBLIC_KEY = (
    rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    .public_key()
    .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    .decode()
)
POLICY = '{"allow": ["/twilio/messaging/messages/read"]}'


def ask(tenant: Any, method: str, path: str = "", **options: Any) -> requests.Response:
    url = f"{tenant.installation.url}/iam/v1/Keys{path}"
    return requests.request(method, url, auth=(tenant.sid, tenant.token), timeout=10, **options)


def new_key(tenant: Any) -> requests.Response:
    form = {"AccountSid": tenant.sid, "FriendlyName": "till", "KeyType": "restricted", "Policy": POLICY}
    return ask(tenant, "POST", data=form)


def on_key(method: str, path: str = "/{}", **options: Any) -> Recipe:
    return lambda tenant: ask(tenant, method, path.format(new_key(tenant).json()["sid"], tenant.sid), **options)


def on_tokens(method: str, path: str, *, there: bool = True) -> Recipe:
    """`path` of the Auth Tokens, with a secondary one that is `there`."""

    def make(tenant: Any) -> requests.Response:
        base, who = f"{tenant.installation.url}/accounts/v1/AuthTokens", (tenant.sid, tenant.token)
        if there:
            assert requests.post(f"{base}/Secondary", auth=who, timeout=10).status_code == 201
        return requests.request(method, f"{base}{path}", auth=who, timeout=10)

    return make


def new_public_key(tenant: Any) -> requests.Response:
    return ask_of_public_keys(tenant, "POST", data={"PublicKey": PUBLIC_KEY, "FriendlyName": "web"})


def ask_of_public_keys(tenant: Any, method: str, path: str = "", **options: Any) -> requests.Response:
    url = f"{tenant.installation.url}/accounts/v1/Credentials/PublicKeys{path}"
    return requests.request(method, url, auth=(tenant.sid, tenant.token), timeout=10, **options)


def on_public_key(method: str, path: str = "/{}", **options: Any) -> Recipe:
    return lambda tenant: ask_of_public_keys(
        tenant, method, path.format(new_public_key(tenant).json()["sid"]), **options
    )


KEY_RECIPES: dict[tuple[str, str], Recipe] = {
    ("POST", "/v1/Keys"): new_key,
    ("GET", "/v1/Keys"): on_key("GET", "?AccountSid={1}"),
    ("GET", "/v1/Keys/{Sid}"): on_key("GET"),
    ("POST", "/v1/Keys/{Sid}"): on_key("POST", data={"FriendlyName": "desk", "Policy": POLICY}),
    ("DELETE", "/v1/Keys/{Sid}"): on_key("DELETE"),
    ("POST", "/v1/AuthTokens/Secondary"): on_tokens("POST", "/Secondary", there=False),
    ("DELETE", "/v1/AuthTokens/Secondary"): on_tokens("DELETE", "/Secondary"),
    ("POST", "/v1/AuthTokens/Promote"): on_tokens("POST", "/Promote"),
    ("POST", "/v1/Credentials/PublicKeys"): new_public_key,
    ("GET", "/v1/Credentials/PublicKeys"): on_public_key("GET", ""),
    ("GET", "/v1/Credentials/PublicKeys/{Sid}"): on_public_key("GET"),
    ("POST", "/v1/Credentials/PublicKeys/{Sid}"): on_public_key("POST", data={"FriendlyName": "till"}),
    ("DELETE", "/v1/Credentials/PublicKeys/{Sid}"): on_public_key("DELETE"),
}

"""How each operation on push credentials is brought to answer with what it is there for."""

import json
from collections.abc import Callable
from typing import Any

import requests
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

Recipe = Callable[[Any], requests.Response]


def _pem(key: Any) -> str:
    return str(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())


RSA_KEY = _pem(rsa.generate_private_key(public_exponent=65_537, key_size=2_048))
P256_KEY = _pem(ec.generate_private_key(ec.SECP256R1()))
ACCOUNT = json.dumps(
    {"type": "service_account", "project_id": "owl-app", "client_email": "push@owl.example", "private_key": RSA_KEY}
)
GOOGLES = {"Type": "fcm", "FriendlyName": "Owls", "Secret": ACCOUNT}
APPLES = {"Type": "apn", "PrivateKey": P256_KEY, "KeyId": "ABCDE12345", "TeamId": "TEAM123456", "Sandbox": "true"}


def ask(
    tenant: Any, method: str, path: str = "", data: dict[str, str] | None = None, product: str = "conversations"
) -> requests.Response:
    url = f"{tenant.installation.url}/{product}/v1/Credentials{path}"
    return requests.request(method, url, auth=(tenant.sid, tenant.token), data=data, timeout=10)


def new_push_credential(tenant: Any, form: dict[str, str] = GOOGLES) -> requests.Response:
    return ask(tenant, "POST", data=form)


def on_credential(method: str, **data: str) -> Recipe:
    return lambda tenant: ask(tenant, method, f"/{new_push_credential(tenant).json()['sid']}", data)


def _listed(tenant: Any) -> requests.Response:
    new_push_credential(tenant)
    return ask(tenant, "GET")


PUSH_CREDENTIAL_RECIPES: dict[tuple[str, str], Recipe] = {
    ("POST", "/v1/Credentials"): new_push_credential,
    ("GET", "/v1/Credentials"): _listed,
    ("GET", "/v1/Credentials/{Sid}"): on_credential("GET"),
    ("POST", "/v1/Credentials/{Sid}"): on_credential("POST", FriendlyName="More owls"),
    ("DELETE", "/v1/Credentials/{Sid}"): on_credential("DELETE"),
}

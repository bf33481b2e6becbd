"""Requests that a client's key signs, as the official SDK signs them, and an account that requires them."""

from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from tests.api.test_auth_tokens import secondary
from tests.api.test_keys import refusal
from twilio.base.exceptions import TwilioRestException
from twilio.http.validation_client import ValidationClient
from twilio.rest import Client

CUSTOMER = "+12025550177"


class Key:
    def __init__(self) -> None:
        made = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
        self.private = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        self.public = made.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.fixture(scope="module")
def key() -> Key:
    return Key()


def validation(tenant: Any, method: str = "POST", **form: str) -> requests.Response:
    url = f"{tenant.installation.url}/ringfence/v1/Accounts/{tenant.sid}/ClientValidation"
    return requests.request(method, url, auth=(tenant.sid, tenant.token), data=form, timeout=10)


def signing(tenant: Any, key: Key, kid: str) -> Client:
    made = tenant.client().new_keys.create(friendly_name="signing")
    return signed_in(tenant, made.sid, made.secret, key, kid)


def signed_in(tenant: Any, name: str, secret: str, key: Key, kid: str) -> Client:
    http = ValidationClient(tenant.sid, name, kid, key.private)
    client = Client(name, secret, tenant.sid, http_client=http)
    client.api.base_url = tenant.installation.url
    return client


def test_the_sdks_client_signs_and_is_let_in_where_the_secret_alone_is_not(tenant: Any, key: Key) -> None:
    number = tenant.number()
    added = validation(tenant, PublicKey=key.public, FriendlyName="web")
    assert (added.status_code, added.json()["required"]) == (200, False)
    (shown,) = added.json()["public_keys"]
    assert (shown["sid"][:2], shown["friendly_name"]) == ("CR", "web")
    client = signing(tenant, key, shown["sid"])
    unsigned = tenant.client()
    assert unsigned.messages.create(to=CUSTOMER, from_=number, body="not required yet").sid
    other = unsigned.new_keys.create()
    assert validation(tenant, Required="true").json()["required"] is True
    sid = client.messages.create(to=CUSTOMER, from_=number, body="Zoë + 1 & 2").sid
    assert client.messages(sid).fetch().body == "Zoë + 1 & 2"
    assert [text.sid for text in client.messages.list(to=CUSTOMER, limit=1)] == [sid]
    refused = refusal(unsigned.messages.create, to=CUSTOMER, from_=number, body="x")
    assert (refused.status, refused.code) == (401, 70156)
    assert refusal(tenant.client(other.sid, other.secret, tenant.sid).messages(sid).fetch).code == 70156
    assert tenant.installation.run(tenant.installation.store.known_networks(tenant.sid, other.sid)) == []
    # The Auth Token alone does not take it back.
    assert validation(tenant, Required="false").status_code == 401


def test_either_auth_token_signs_under_the_accounts_name(tenant: Any, key: Key) -> None:
    kid = validation(tenant, PublicKey=key.public).json()["public_keys"][0]["sid"]
    for token in (tenant.token, secondary(tenant)):
        assert signed_in(tenant, tenant.sid, token, key, kid).messages.list(limit=1) == []


def test_a_key_of_somebody_elses_or_one_that_was_removed_lets_nobody_in(tenant: Any, key: Key) -> None:
    kid = validation(tenant, PublicKey=key.public).json()["public_keys"][0]["sid"]
    for wrong in (signing(tenant, Key(), kid), signing(tenant, key, "CR" + "0" * 32)):
        with pytest.raises(TwilioRestException) as refused:
            wrong.messages("SM" + "0" * 32).fetch()
        assert (refused.value.status, refused.value.code) == (401, 70156)
    right = signing(tenant, key, kid)
    assert right.messages.list(limit=1) == []
    assert validation(tenant, Remove=kid).json()["public_keys"] == []
    assert validation(tenant, Remove=kid).status_code == 404
    # Without keys there is nothing to check by.
    assert right.messages.list(limit=1) == []


@pytest.mark.parametrize("public", ["x", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "MA=="])
def test_what_is_no_key_is_not_taken(tenant: Any, public: str) -> None:
    answer = validation(tenant, PublicKey=public)
    assert (answer.status_code, answer.json()["code"]) == (400, 20001)


def test_validation_is_not_required_without_a_key(tenant: Any) -> None:
    assert validation(tenant, Required="true").status_code == 400
    assert validation(tenant, "GET").json() == {"account_sid": tenant.sid, "required": False, "public_keys": []}


def public_keys(tenant: Any) -> Any:
    client = tenant.client()
    client.accounts.base_url = f"{tenant.installation.url}/accounts"
    return client.accounts.v1.credentials.public_key


def test_the_sdk_gives_a_key_that_its_client_signs_with(tenant: Any, key: Key) -> None:
    made = public_keys(tenant).create(public_key=key.public, friendly_name="web")
    assert (made.sid[:2], made.account_sid, made.friendly_name) == ("CR", tenant.sid, "web")
    assert [shown["sid"] for shown in validation(tenant, "GET").json()["public_keys"]] == [made.sid]
    validation(tenant, Required="true")
    client = signed_in(tenant, tenant.sid, tenant.token, key, made.sid)
    client.accounts.base_url = f"{tenant.installation.url}/accounts"
    assert client.messages.list(limit=1) == []
    keys = client.accounts.v1.credentials.public_key
    assert keys(made.sid).fetch().friendly_name == "web"
    assert refusal(public_keys(tenant)(made.sid).fetch).code == 70156
    # The last one stays while it is required: nobody could sign the request that takes that back.
    assert refusal(keys(made.sid).delete).code == 20001
    other = keys.create(public_key=key.public)
    assert keys(made.sid).delete()
    assert refusal(client.messages("SM" + "0" * 32).fetch).code == 70156
    assert signed_in(tenant, tenant.sid, tenant.token, key, other.sid).messages.list(limit=1) == []


def test_keys_are_listed_renamed_and_deleted_as_twilio_does(tenant: Any, key: Key) -> None:
    keys = public_keys(tenant)
    sids = [keys.create(public_key=key.public, friendly_name=name).sid for name in ("a", "b", "c")]
    assert [each.sid for each in keys.list(page_size=2)] == sids[::-1]
    renamed = keys(sids[0]).update(friendly_name="till")
    assert (renamed.friendly_name, keys(sids[0]).fetch().friendly_name) == ("till", "till")
    assert renamed.date_updated >= renamed.date_created
    assert keys(sids[1]).delete()
    for gone in (keys(sids[1]).fetch, keys(sids[1]).delete, lambda: keys(sids[1]).update(friendly_name="x")):
        assert refusal(gone).code == 20404
    for none in ("nonsense", ""):
        assert refusal(keys.create, public_key=none).code == 20001


def test_a_parent_gives_its_subaccount_a_key_and_nobody_elses_account(tenant: Any, key: Key) -> None:
    child = tenant.client().api.accounts.create()
    made = public_keys(tenant).create(public_key=key.public, account_sid=child.sid)
    assert made.account_sid == child.sid
    assert public_keys(tenant).list() == []
    tenant.client().api.accounts(child.sid).update(status="suspended")
    assert refusal(public_keys(tenant).create, public_key=key.public, account_sid=child.sid).code == 20005
    other = tenant.installation.new_tenant()
    assert refusal(public_keys(tenant).create, public_key=key.public, account_sid=other.sid).code == 20404
    assert public_keys(other).list() == []

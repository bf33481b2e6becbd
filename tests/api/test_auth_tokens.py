"""Two Auth Tokens while programs are changed over, through the official SDK."""

from pathlib import Path
from typing import Any

import pytest
import requests
from msgspec.structs import replace
from prometheus_client import CollectorRegistry
from tests.api.conftest import LIMITS, Installation
from tests.api.factor_recipes import IDENTITY
from tests.api.push_device import Telephone
from tests.api.test_keys import refusal
from tests.api.verify_recipes import SERVICES
from tests.authorisation.asking import ask, basic

from ringfence.api.app import create_app
from ringfence.domain.sealing.hmac_states import states_of
from ringfence.domain.sealing.slots import slot_seed
from ringfence.domain.standing import hmac_states_record
from ringfence.ports.freezes import FreezeRow
from ringfence.ports.keys import Caller
from ringfence.usecases.accounts.credential import secondary_of

PATH = "/accounts/v1/AuthTokens"


def accounts(tenant: Any, token: str | None = None) -> Any:
    client = tenant.client(secret=token)
    client.accounts.base_url = f"{tenant.installation.url}/accounts"
    return client.accounts.v1


def secondary(tenant: Any) -> str:
    return str(accounts(tenant).secondary_auth_token().create().secondary_auth_token)


def signs_in(tenant: Any, token: str) -> bool:
    return bool(tenant.ask("GET", "/Messages.json", auth=(tenant.sid, token)).status_code == 200)


def test_both_sign_in_and_read_and_send_alike(tenant: Any) -> None:
    before = tenant.text("before").sid
    token = secondary(tenant)
    other = tenant.client(secret=token)
    assert other.messages(before).fetch().body == "before"
    after = other.messages.create(to="+12025550177", from_=tenant.number(), body="by the second").sid
    assert tenant.client().messages(after).fetch().body == "by the second"
    assert tenant.client().messages(tenant.text("still").sid).fetch().body == "still"
    assert other.api.accounts(tenant.sid).fetch().auth_token == token


def test_it_is_told_once_and_does_what_an_auth_token_does(tenant: Any) -> None:
    token = secondary(tenant)
    for path in (".json", "/Keys.json"):
        assert token not in tenant.ask("GET", path).text
    key = tenant.client(secret=token).new_keys.create()
    sent = tenant.text("x").sid
    assert tenant.client(key.sid, key.secret, tenant.sid).messages(sent).fetch().body == "x"
    assert tenant.ask("GET", "/Messages.json", auth=(secondary_of(tenant.sid), token)).status_code == 401


@pytest.mark.parametrize("by", ["the primary", "the secondary"])
def test_promoted_it_is_the_only_one(tenant: Any, by: str) -> None:
    before = tenant.text("before").sid
    token = secondary(tenant)
    promoted = accounts(tenant, token if by == "the secondary" else None).auth_token_promotion().update()
    assert promoted.auth_token == (token if by == "the secondary" else None)
    assert not signs_in(tenant, tenant.token)
    # It was replaced because it leaked: it opens nothing, though the new one has opened nothing yet.
    parts = tenant.installation
    old = Caller(account=tenant.sid, credential=tenant.sid, seed=slot_seed(tenant.token, tenant.sid))
    with pytest.raises(Exception, match="opens nothing"):
        parts.run(parts.keys.allow(old, tenant.sid))
    other = tenant.client(secret=token)
    assert other.messages(before).fetch().body == "before"
    assert refusal(accounts(tenant, token).auth_token_promotion().update).code == 20404


def test_webhooks_are_signed_with_the_primary_until_then(tenant: Any) -> None:
    parts = tenant.installation
    states = parts.run(parts.store.credential(tenant.sid)).hmac_states
    token = secondary(tenant)
    assert parts.run(parts.store.credential(tenant.sid)).hmac_states == states
    accounts(tenant).auth_token_promotion().update()
    row = parts.run(parts.store.credential(tenant.sid))
    assert row.hmac_states != states
    assert row.kind == "auth_token"
    opened = parts.run(parts.keys.open_standing(tenant.sid, [(hmac_states_record(tenant.sid), row.hmac_states)]))
    assert opened == [states_of(token.encode())]


def test_it_is_deleted_or_replaced(tenant: Any) -> None:
    first = secondary(tenant)
    second = secondary(tenant)
    assert (signs_in(tenant, first), signs_in(tenant, second)) == (False, True)
    assert accounts(tenant).secondary_auth_token().delete() is True
    assert not signs_in(tenant, second)
    assert signs_in(tenant, tenant.token)
    assert refusal(accounts(tenant).secondary_auth_token().delete).code == 20404


def test_between_the_two_steps_of_a_promotion_nobody_is_locked_out(tenant: Any) -> None:
    """The slot was copied, and the process died before the row was written."""
    sent = tenant.text("before").sid
    token = secondary(tenant)
    parts = tenant.installation
    caller = Caller(account=tenant.sid, credential=tenant.sid, seed=slot_seed(tenant.token, tenant.sid))
    parts.run(parts.keys.copy_slot(caller, tenant.sid, secondary_of(tenant.sid), tenant.sid))
    for secret in (tenant.token, token):
        assert tenant.client(secret=secret).messages(sent).fetch().body == "before"
    accounts(tenant, token).auth_token_promotion().update()
    assert tenant.client(secret=token).messages(sent).fetch().body == "before"


def test_an_auth_token_that_is_frozen_is_both(tmp_path: Path) -> None:
    """Else whoever had stolen the one would sign in by making the other."""
    installation = Installation(tmp_path, LIMITS)
    installation.start()
    try:
        tenant = installation.new_tenant()
        token = secondary(tenant)
        row = FreezeRow(kind="key", name=tenant.sid, at_ms=0)
        assert installation.run(installation.store.put_freeze(row))
        # What it knew is a second old at most: a new process knows at once.
        front = create_app(replace(installation.deps, registry=CollectorRegistry()))
        for secret in (tenant.token, token):
            path = f"{tenant.base}/Messages.json"
            assert installation.run(ask(front, "GET", path, basic(tenant.sid, secret))).status == 401
        assert installation.run(installation.store.delete_freeze("key", tenant.sid))
    finally:
        installation.stop()


def test_where_everything_is_frozen_devices_are_out_too(tmp_path: Path) -> None:
    installation = Installation(tmp_path, LIMITS)
    installation.start()
    try:
        tenant = installation.new_tenant()
        service = tenant.client().verify.v2.services.create(friendly_name="Acme").sid
        device = Telephone.verified(tenant, service)
        login = basic("token", device.login(tenant.sid, service, device.factor))
        path = f"/verify{SERVICES}/{service}/Entities/{IDENTITY}/Challenges"

        def status() -> int:
            front = create_app(replace(installation.deps, registry=CollectorRegistry()))
            return int(installation.run(ask(front, "GET", path, login)).status)

        assert status() == 200
        installation.run(installation.store.put_freeze(FreezeRow(kind="platform", name="platform", at_ms=0)))
        assert status() == 401
        installation.run(installation.store.delete_freeze("platform", "platform"))
        assert status() == 200
    finally:
        installation.stop()


def test_a_key_neither_makes_nor_promotes_one(tenant: Any) -> None:
    key = tenant.client().new_keys.create()
    for method, path in (("POST", "/Secondary"), ("DELETE", "/Secondary"), ("POST", "/Promote")):
        url = f"{tenant.installation.url}{PATH}{path}"
        answer = requests.request(method, url, auth=(key.sid, key.secret), timeout=10)
        assert (answer.status_code, answer.json()["code"]) == (401, 20003)


def test_it_is_its_own_accounts(installation: Any, tenant: Any) -> None:
    other = installation.new_tenant()
    token = secondary(other)
    assert not signs_in(tenant, token)
    sub = tenant.client().api.accounts.create(friendly_name="Branch")
    below = tenant.client(sub.sid, sub.auth_token, sub.sid)
    below.accounts.base_url = f"{installation.url}/accounts"
    made = below.accounts.v1.secondary_auth_token().create().secondary_auth_token
    assert not signs_in(tenant, made)
    assert tenant.client(sub.sid, made, sub.sid).messages.list() == []

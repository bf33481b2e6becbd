"""API keys, through the official SDK."""

from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException

from ringfence.domain.sid import new_sid


def refusal(call: Any, *args: Any, **options: Any) -> TwilioRestException:
    with pytest.raises(TwilioRestException) as refused:
        call(*args, **options)
    return refused.value


def test_a_key_tells_its_secret_once(tenant: Any) -> None:
    client = tenant.client()
    made = client.new_keys.create(friendly_name="till")
    assert made.sid.startswith("SK")
    assert len(made.secret) == 32
    assert client.keys(made.sid).fetch().friendly_name == "till"
    for path in (f"/Keys/{made.sid}.json", "/Keys.json"):
        assert made.secret not in tenant.ask("GET", path).text
    assert "secret" not in tenant.ask("GET", f"/Keys/{made.sid}.json").json()
    assert [key.sid for key in client.keys.list()] == [made.sid]


def test_a_key_sends_and_reads(tenant: Any) -> None:
    made = tenant.client().new_keys.create()
    by_key = tenant.client(made.sid, made.secret, tenant.sid)
    before = tenant.text("before the key read it").sid
    sid = by_key.messages.create(to="+12025550177", from_=tenant.number(), body="by key").sid
    assert by_key.messages(before).fetch().body == "before the key read it"
    assert tenant.client().messages(sid).fetch().body == "by key"


def test_a_parents_key_acts_for_a_subaccount(tenant: Any) -> None:
    made = tenant.client().new_keys.create()
    sub = tenant.client().api.accounts.create(friendly_name="Branch")
    assert tenant.client(made.sid, made.secret, sub.sid).messages.list() == []


@pytest.mark.parametrize("path", ["/Keys.json", ".json"])
def test_a_key_manages_neither_keys_nor_accounts(tenant: Any, path: str) -> None:
    made = tenant.client().new_keys.create()
    answer = tenant.ask("GET", path, auth=(made.sid, made.secret))
    assert (answer.status_code, answer.json()["code"]) == (401, 20003)


def test_a_key_is_renamed(tenant: Any) -> None:
    made = tenant.client().new_keys.create(friendly_name="till")
    assert tenant.client().keys(made.sid).update(friendly_name="desk").friendly_name == "desk"
    assert tenant.client().keys(made.sid).fetch().friendly_name == "desk"
    by_key = tenant.client(made.sid, made.secret, tenant.sid)
    assert by_key.messages.list() == []


def test_a_revoked_key_is_out_at_once(tenant: Any) -> None:
    made = tenant.client().new_keys.create()
    by_key = tenant.client(made.sid, made.secret, tenant.sid)
    assert by_key.messages.list() == []
    old = tenant.text("still readable").sid
    assert tenant.client().keys(made.sid).delete() is True
    assert refusal(by_key.messages(old).fetch).code == 20003
    assert refusal(tenant.client().keys(made.sid).fetch).code == 20404
    assert refusal(tenant.client().keys(made.sid).delete).status == 404
    assert tenant.client().keys.list() == []
    assert tenant.client().messages(old).fetch().body == "still readable"
    assert tenant.client().messages(tenant.text("and what comes after").sid).fetch().body == "and what comes after"


def test_an_auth_token_is_no_key(tenant: Any) -> None:
    assert refusal(tenant.client().keys(tenant.sid).fetch).code == 20404
    assert refusal(tenant.client().keys(tenant.sid).delete).code == 20404
    assert refusal(tenant.client().keys(tenant.sid).update, friendly_name="x").code == 20404
    assert tenant.client().messages.list() == []


def test_anothers_key_is_not_found(installation: Any, tenant: Any) -> None:
    other = installation.new_tenant()
    made = other.client().new_keys.create()
    for sid in (made.sid, new_sid("SK")):
        assert refusal(tenant.client().keys(sid).fetch).code == 20404
        assert refusal(tenant.client().keys(sid).update, friendly_name="x").code == 20404
        assert refusal(tenant.client().keys(sid).delete).code == 20404
    assert other.client().keys(made.sid).fetch().sid == made.sid


def test_lists_walk_across_pages(tenant: Any) -> None:
    made = {tenant.client().new_keys.create(friendly_name=str(n)).sid for n in range(5)}
    assert {key.sid for key in tenant.client().keys.stream(page_size=2)} == made

"""Accounts and subaccounts, through the official SDK."""

from typing import Any

import msgspec
import pytest
from twilio.base.exceptions import TwilioRestException


def refusal(call: Any, *args: Any, **options: Any) -> TwilioRestException:
    with pytest.raises(TwilioRestException) as refused:
        call(*args, **options)
    return refused.value


def test_an_account_reads_itself(tenant: Any) -> None:
    account = tenant.client().api.accounts(tenant.sid).fetch()
    assert account.sid == account.owner_account_sid == tenant.sid
    assert (account.friendly_name, account.status, account.type) == ("Fade & Co barbers", "active", "Full")
    assert account.auth_token == tenant.token
    assert account.subresource_uris["messages"] == f"{tenant.base}/Messages.json"


def test_a_subaccount_is_made_read_and_listed(tenant: Any) -> None:
    client = tenant.client()
    made = client.api.accounts.create(friendly_name="Branch")
    assert made.owner_account_sid == tenant.sid
    assert len(made.auth_token) == 32
    read = client.api.accounts(made.sid).fetch()
    assert (read.friendly_name, read.status) == ("Branch", "active")
    assert read.auth_token is None
    assert {account.sid for account in client.api.accounts.list()} == {tenant.sid, made.sid}
    assert [account.sid for account in client.api.accounts.list(friendly_name="Branch")] == [made.sid]
    assert client.api.accounts.list(status="closed") == []


def test_a_subaccount_without_a_name_gets_one(tenant: Any) -> None:
    assert tenant.client().api.accounts.create().friendly_name.startswith("SubAccount Created at ")


def test_a_subaccounts_token_signs_in_as_the_subaccount_alone(tenant: Any) -> None:
    made = tenant.client().api.accounts.create(friendly_name="Branch")
    own = tenant.client(made.sid, made.auth_token, made.sid)
    assert own.api.accounts(made.sid).fetch().auth_token == made.auth_token
    assert [account.sid for account in own.api.accounts.list()] == [made.sid]
    assert refusal(own.api.accounts(tenant.sid).fetch).code == 20404
    assert refusal(own.api.accounts.create).status == 403


def test_a_parent_sends_and_reads_for_its_subaccount(tenant: Any) -> None:
    made = tenant.client().api.accounts.create(friendly_name="Branch")
    (number,) = tenant.installation.stock()
    acting = tenant.client(account=made.sid)
    acting.incoming_phone_numbers.create(phone_number=number)
    sid = acting.messages.create(to="+12025550177", from_=number, body="from the branch").sid
    own = tenant.client(made.sid, made.auth_token, made.sid)
    assert own.messages(sid).fetch().body == acting.messages(sid).fetch().body == "from the branch"
    assert tenant.client().messages.list() == []


def test_a_name_is_changed(tenant: Any) -> None:
    changed = tenant.client().api.accounts(tenant.sid).update(friendly_name="Other")
    assert changed.friendly_name == "Other"
    assert tenant.client().api.accounts(tenant.sid).fetch().friendly_name == "Other"
    assert refusal(tenant.client().api.accounts(tenant.sid).update, friendly_name="x" * 65).status == 400


def test_a_suspended_subaccount_does_nothing_until_it_is_active_again(tenant: Any) -> None:
    client = tenant.client()
    made = client.api.accounts.create(friendly_name="Branch")
    own = tenant.client(made.sid, made.auth_token, made.sid)
    acting = tenant.client(account=made.sid)
    assert client.api.accounts(made.sid).update(status="suspended").status == "suspended"
    assert refusal(own.messages.create, to="+12025550177", from_="+1", body="x").code == 20003
    assert refusal(acting.messages.create, to="+12025550177", from_="+1", body="x").code == 20005
    assert acting.messages.list() == []
    assert client.api.accounts(made.sid).update(status="active").status == "active"
    assert own.messages.list() == []


def test_a_closed_subaccount_gives_its_numbers_up_for_good(tenant: Any) -> None:
    client = tenant.client()
    made = client.api.accounts.create(friendly_name="Branch")
    (number,) = tenant.installation.stock()
    acting = tenant.client(account=made.sid)
    acting.incoming_phone_numbers.create(phone_number=number)
    assert client.api.accounts(made.sid).update(status="closed").status == "closed"
    assert acting.incoming_phone_numbers.list() == []
    assert refusal(client.api.accounts(made.sid).update, status="active").code == 21479


def test_an_account_cannot_change_its_own_status(tenant: Any) -> None:
    assert refusal(tenant.client().api.accounts(tenant.sid).update, status="closed").code == 21477
    assert refusal(tenant.client().api.accounts(tenant.sid).update, status="asleep").code == 20001


def test_the_subaccount_of_a_suspended_account_does_not_sign_in(installation: Any, tenant: Any) -> None:
    made = tenant.client().api.accounts.create(friendly_name="Branch")
    own = tenant.client(made.sid, made.auth_token, made.sid)
    row = installation.run(installation.store.account(tenant.sid))
    installation.run(installation.store.update_account(msgspec.structs.replace(row, status="suspended"), was="active"))
    assert refusal(own.messages(made.sid).fetch).code == 20003


def test_lists_walk_across_pages(tenant: Any) -> None:
    for n in range(4):
        tenant.client().api.accounts.create(friendly_name=f"Branch {n}")
    every = {account.sid for account in tenant.client().api.accounts.list()}
    assert len(every) == 5
    assert {account.sid for account in tenant.client().api.accounts.stream(page_size=2)} == every
    named = tenant.client().api.accounts.list(friendly_name="Branch 0", page_size=1)
    assert [account.friendly_name for account in named] == ["Branch 0"]

"""Accounts, credentials, owned numbers and the inventory."""

import asyncio

import pytest
from msgspec.structs import replace

from ringfence.domain.key_watch import KNOWN_CHARACTERS
from ringfence.ports.oversight import TenantFilter
from ringfence.ports.store import CredentialRow, KeyRow, NumberTakenError, SidTakenError, StockRow

NOW = 1_700_000_000_000
A, B = "AC" + "a" * 32, "AC" + "b" * 32


def api_key(sid="SK1", account=A, created_ms=NOW):
    return CredentialRow(
        account=account,
        sid=sid,
        kind="api_key",
        verifier=b"\x01" * 32,
        hmac_states=b"\x02" * 104,
        friendly_name="robot",
        created_ms=created_ms,
        updated_ms=created_ms,
    )


def in_stock(number, **more):
    return StockRow(**{"number": number, "region": "US", "kind": "local", **more})


async def test_an_account_is_created_with_its_credential(store, account):
    row, credential = account()
    await store.create_account(row, credential)
    assert await store.account(A) == row
    assert await store.credential(A) == credential
    assert await store.account(B) is None
    assert await store.credential("SK1") is None


async def test_an_account_is_created_once(store, account):
    row, credential = account()
    await store.create_account(row, credential)
    with pytest.raises(SidTakenError):
        await store.create_account(replace(row, friendly_name="Other"), replace(credential, sid="SK9"))
    assert await store.account(A) == row
    assert await store.credential("SK9") is None


async def test_a_tenants_accounts_are_listed_newest_first(store, account):
    for n, (sid, tenant) in enumerate([(A, A), ("AC1", A), ("AC2", A), (B, B)]):
        await store.create_account(*account(sid, tenant, NOW + n))
    assert [row.sid for row in await store.accounts(A)] == ["AC2", "AC1", A]
    assert [row.sid for row in await store.accounts(A, limit=2)] == ["AC2", "AC1"]
    assert [row.sid for row in await store.accounts(A, before="AC1")] == [A]
    assert [row.sid for row in await store.accounts(None)] == [B, A]
    assert [row.sid for row in await store.accounts(None, before=B, limit=5)] == [A]


async def test_tenants_are_narrowed_by_status_time_and_beginnings(store, account):
    for n, (sid, tenant) in enumerate([(A, A), ("AC1", A), (B, B), ("ACbc", "ACbc")]):
        await store.create_account(*account(sid, tenant, NOW + n))
    row = await store.account(B)
    assert await store.update_account(replace(row, status="closed", friendly_name="ÉFade_%"), was="active")
    for wanted, found in (
        (TenantFilter(), ["ACbc", B, A]),
        (TenantFilter(status="closed"), [B]),
        (TenantFilter(since_ms=NOW + 2), ["ACbc", B]),
        (TenantFilter(sid="ACb"), ["ACbc", B]),
        (TenantFilter(sid=A), [A]),
        (TenantFilter(sid="bb"), []),
        (TenantFilter(name="Éfade_"), [B]),
        (TenantFilter(name="éFADE_"), []),
        (TenantFilter(name="%"), []),
        (TenantFilter(name="_"), []),
        (TenantFilter(status="active", since_ms=NOW + 1, sid="ACb"), ["ACbc"]),
    ):
        assert [row.sid for row in await store.tenants(wanted)] == found, wanted
    assert [row.sid for row in await store.tenants(TenantFilter(sid="ACb"), limit=1)] == ["ACbc"]
    assert [row.sid for row in await store.tenants(TenantFilter(sid="ACb"), before="ACbc")] == [B]


async def test_a_filter_of_tenants_looks_at_so_many_and_says_where_it_stopped(store, account):
    for n, sid in enumerate((A, B, "ACb1", "ACb2")):
        await store.create_account(*account(sid, sid, NOW + n))
    only = TenantFilter(sid=A)
    assert await store.tenants(only, looked=3) == []
    assert await store.tenants_edge(0, looked=3) == B
    assert [row.sid for row in await store.tenants(only, before=B, looked=3)] == [A]
    assert await store.tenants_edge(0, before=B, looked=3) is None
    assert await store.tenants_edge(0, looked=4) is None
    assert await store.tenants_edge(NOW + 1, looked=3) is None


async def test_the_countries_of_an_accounts_numbers_are_told_once_each(store, owned):
    assert await store.number_regions(A) == []
    for n, (account, region) in enumerate([(A, "US"), (A, "US"), (A, "DE"), (A, ""), (B, "FR")]):
        number = owned(sid=f"PN{n}", number=f"+1202555010{n}", account=account, region=region)
        await store.buy_number(number, from_stock=False)
    assert await store.number_regions(A) == ["DE", "US"]


async def test_updating_an_account_keeps_what_it_is(store, account):
    row, credential = account("AC1", A)
    await store.create_account(row, credential)
    changed = replace(row, friendly_name="New", status="closed", type="Trial", updated_ms=NOW + 9)
    assert await store.update_account(replace(changed, tenant=B, parent=B, created_ms=1), was="active") is True
    assert await store.account("AC1") == changed
    assert await store.update_account(replace(row, sid="AC404"), was="active") is False
    assert await store.account("AC404") is None


async def test_an_account_is_not_changed_on_a_status_that_is_past(store, account):
    row, credential = account()
    await store.create_account(row, credential)
    suspended = replace(row, status="suspended")
    assert await store.update_account(suspended, was="active") is True
    assert await store.update_account(replace(row, friendly_name="New"), was="active") is False
    assert await store.account(A) == suspended


async def test_renaming_touches_nothing_else_and_brings_nothing_back(store):
    await store.put_credential(api_key())
    assert await store.rename_credential(B, "SK1", "x", NOW + 1) is False
    assert await store.rename_credential(A, "SK1", "x", NOW + 1) is True
    assert await store.credential("SK1") == replace(api_key(), friendly_name="x", updated_ms=NOW + 1)
    await store.delete_credential(A, "SK1")
    assert await store.rename_credential(A, "SK1", "y", NOW + 2) is False
    assert await store.credential("SK1") is None


async def test_rotation_replaces_a_credential(store, account):
    await store.create_account(*account())
    await store.put_credential(api_key())
    rotated = replace(api_key(), verifier=b"\x09" * 32, hmac_states=b"\x08", friendly_name="x", updated_ms=NOW + 1)
    await store.put_credential(replace(rotated, created_ms=NOW + 1))
    assert await store.credential("SK1") == rotated


async def test_a_credential_cannot_move_to_another_account(store):
    await store.put_credential(api_key())
    with pytest.raises(SidTakenError):
        await store.put_credential(api_key(account=B))
    assert await store.credential("SK1") == api_key()


async def test_keys_are_listed_newest_first_without_the_auth_token(store, account):
    await store.create_account(*account())
    keys = [api_key(f"SK{n}", created_ms=NOW + n) for n in range(3)]
    for key in keys:
        await store.put_credential(key)
    await store.put_credential(api_key("SKx", account=B))
    assert await store.credentials(A) == keys[::-1]
    assert await store.credentials(A, limit=1) == [keys[2]]
    assert await store.credentials(A, before="SK1") == [keys[0]]


async def test_a_revoked_credential_is_gone(store):
    await store.put_credential(api_key())
    assert await store.delete_credential(B, "SK1") is False
    assert await store.delete_credential(A, "SK1") is True
    assert await store.delete_credential(A, "SK1") is False
    assert await store.credential("SK1") is None


async def test_client_keys_are_changed_where_they_are_what_they_were(store, account):
    await store.create_account(*account())
    assert await store.set_client_keys(A, "one", was="", at_ms=NOW + 1)
    assert not await store.set_client_keys(A, "two", was="", at_ms=NOW + 2)
    assert not await store.set_client_keys(B, "two", was="", at_ms=NOW + 2)
    found = await store.account(A)
    assert (found.client_keys, found.updated_ms) == ("one", NOW + 1)
    assert await store.update_account(replace(found, friendly_name="other", client_keys=""), was="active")
    assert (await store.account(A)).client_keys == "one"


async def test_a_bought_number_is_owned(store, owned):
    row = owned()
    await store.buy_number(row, from_stock=False)
    assert await store.number(A, row.sid) == row
    assert await store.number_by_e164(row.number) == row
    assert await store.number(B, row.sid) is None
    assert await store.number_by_e164("+1") is None


async def test_a_number_has_one_owner(store, owned):
    await store.buy_number(owned("+1"), from_stock=False)
    with pytest.raises(NumberTakenError):
        await store.buy_number(owned("+1", account=B), from_stock=False)
    assert (await store.number_by_e164("+1")).account == A


async def test_a_sid_names_one_number(store, owned):
    row = owned("+1")
    await store.buy_number(row, from_stock=False)
    await store.stock([in_stock("+2")])
    with pytest.raises(SidTakenError):
        await store.buy_number(replace(row, number="+2"), from_stock=True)
    assert len(await store.available("US", "local")) == 1


async def test_from_stock_only_what_is_in_stock_is_sold_and_only_once(store, owned):
    await store.stock([in_stock("+12025550100"), in_stock("+12025550101")])
    with pytest.raises(NumberTakenError):
        await store.buy_number(owned("+12025550199"), from_stock=True)
    await store.buy_number(owned("+12025550100"), from_stock=True)
    assert [row.number for row in await store.available("US", "local")] == ["+12025550101"]
    with pytest.raises(NumberTakenError):
        await store.buy_number(owned("+12025550100", account=B), from_stock=True)


async def test_a_number_bought_past_the_stock_leaves_it_too(store, owned):
    await store.stock([in_stock("+1")])
    await store.buy_number(owned("+1"), from_stock=False)
    assert await store.available("US", "local") == []


async def test_of_many_buyers_one_gets_the_number(store, owned):
    await store.stock([in_stock("+1")])
    buyers = [owned("+1", account=f"AC{n}") for n in range(8)]
    ends = await asyncio.gather(*(store.buy_number(row, from_stock=True) for row in buyers), return_exceptions=True)
    assert sum(end is None for end in ends) == 1
    assert sum(isinstance(end, NumberTakenError) for end in ends) == 7
    assert (await store.number_by_e164("+1")).account == buyers[ends.index(None)].account


async def test_numbers_are_listed_newest_first_and_filtered(store, owned):
    rows = [
        owned("+12025550100"),
        owned("+12025550199", friendly_name="Desk"),
        owned("+442075550100", kind="mobile", region="GB"),
    ]
    for row in rows:
        await store.buy_number(row, from_stock=False)
    await store.buy_number(owned("+999", account=B), from_stock=False)
    assert await store.numbers(A) == rows[::-1]
    assert await store.numbers(A, limit=1) == [rows[2]]
    assert await store.numbers(A, before=rows[1].sid) == [rows[0]]
    assert await store.numbers(A, number="+12025550199") == [rows[1]]
    assert await store.numbers(A, number="12025550199") == []
    assert await store.numbers(A, number="+1202*") == [rows[1], rows[0]]
    assert await store.numbers(A, number="*0100") == [rows[2], rows[0]]
    assert await store.numbers(A, number="*555*9*") == [rows[1]]
    assert await store.numbers(A, number="*[0-9]*") == await store.numbers(A, number="+1202555010?") == []
    assert await store.numbers(A, friendly_name="Desk") == [rows[1]]
    assert await store.numbers(A, kind="mobile") == [rows[2]]
    assert await store.numbers(A, number="+1*", kind="mobile") == []


async def test_updating_a_number_changes_its_configuration_alone(store, owned):
    row = owned()
    await store.buy_number(row, from_stock=False)
    changed = replace(row, friendly_name="Desk", standing=b"\x00new", updated_ms=NOW + 50)
    await store.update_number(replace(changed, number="+666", kind="mobile", region="GB", created_ms=0))
    assert await store.number(A, row.sid) == changed
    await store.update_number(owned("+777"))
    assert await store.number_by_e164("+777") is None


async def test_a_released_number_is_free_but_not_back_in_stock(store, owned):
    await store.stock([in_stock("+1")])
    row = owned("+1")
    await store.buy_number(row, from_stock=True)
    assert await store.release_number(B, row.sid) is False
    assert await store.release_number(A, row.sid) is True
    assert await store.release_number(A, row.sid) is False
    assert await store.number_by_e164("+1") is None
    assert await store.available("US", "local") == []
    assert await store.stock([in_stock("+1")]) == 1


async def test_a_number_that_rests_is_for_sale_to_nobody_but_who_gave_it_up(store, owned):
    until_ms = NOW + 1_000
    first = owned("+1", created_ms=NOW)
    await store.buy_number(first, from_stock=False)
    assert await store.release_number(B, first.sid, rests_until_ms=until_ms) is False
    assert await store.release_number(A, first.sid, rests_until_ms=until_ms) is True
    await store.stock([in_stock("+1")])
    for from_stock in (True, False):
        with pytest.raises(NumberTakenError):
            await store.buy_number(owned("+1", account=B, created_ms=until_ms - 1), from_stock=from_stock)
    assert await store.available("US", "local", at_ms=until_ms - 1, account=B) == []
    assert await store.available("US", "local", at_ms=until_ms, account=B) == [in_stock("+1")]
    assert await store.available("US", "local", at_ms=NOW, account=A) == [in_stock("+1")]
    again = owned("+1", created_ms=NOW)
    await store.buy_number(again, from_stock=True)
    # Its rest is over with that, and begins anew the next time.
    assert await store.release_number(A, again.sid) is True
    await store.buy_number(owned("+1", account=B, created_ms=NOW), from_stock=False)


async def test_a_number_has_rested_when_its_time_is_over(store, owned):
    row = owned("+1", created_ms=NOW)
    await store.buy_number(row, from_stock=False)
    await store.release_number(A, row.sid, rests_until_ms=NOW + 1_000)
    await store.stock([in_stock("+1")])
    other = owned("+1", account=B, created_ms=NOW + 1_000)
    await store.buy_number(other, from_stock=True)
    assert (await store.number_by_e164("+1")).account == B


async def test_stocking_skips_what_is_known(store, owned):
    await store.buy_number(owned("+1"), from_stock=False)
    full = in_stock("+2", locality="Ely", area="202", postal_code="1", capabilities=frozenset({"sms"}))
    assert await store.stock([in_stock("+1"), full, in_stock("+3"), in_stock("+3")]) == 2
    assert await store.stock([replace(full, locality="Other")]) == 0
    assert await store.stock([]) == 0
    assert await store.available("US", "local") == [full, in_stock("+3")]


async def test_what_is_available_is_filtered_and_in_order(store):
    rows = [
        in_stock("+12025550199", area="DC"),
        in_stock("+12025550100", area="DC"),
        in_stock("+12125550100", area="NY"),
        in_stock("+18005550100", kind="tollfree"),
        in_stock("+442075550100", region="GB"),
    ]
    await store.stock(rows)
    assert [row.number for row in await store.available("US", "local")] == [
        "+12025550100",
        "+12025550199",
        "+12125550100",
    ]
    assert [row.number for row in await store.available("US", "local", limit=1)] == ["+12025550100"]
    assert await store.available("US", "local", area_code="212") == [rows[2]]
    assert await store.available("US", "local", pattern="20*555019") == [rows[0]]
    assert await store.available("US", "local", pattern="212555") == [rows[2]]
    assert await store.available("US", "local", pattern="0100*") == []
    assert await store.available("US", "local", pattern="[0-9]") == []
    assert await store.available("FR", "local") == []
    assert await store.stocked_regions() == {"US": frozenset({"local", "tollfree"}), "GB": frozenset({"local"})}


async def test_how_a_credential_may_be_used_is_changed_apart_from_it(store):
    await store.put_credential(api_key())
    limits = {"policy": "/twilio/voice/calls/*", "networks": "192.0.2.0/24", "canary": True}
    limits |= {"watched": True, "reaction": "freeze-key", "at_ms": NOW + 1}
    assert await store.restrict_credential(B, "SK1", **limits) is False
    assert await store.restrict_credential(A, "SK2", **limits) is False
    assert await store.credential("SK1") == api_key()
    assert await store.restrict_credential(A, "SK1", **limits) is True
    del limits["at_ms"]
    restricted = replace(api_key(), updated_ms=NOW + 1, **limits)
    assert await store.credential("SK1") == restricted
    assert await store.credentials(A) == [restricted]
    # A new secret lifts none of it.
    await store.put_credential(replace(api_key(), verifier=b"\x03" * 32, updated_ms=NOW + 2))
    assert await store.credential("SK1") == replace(restricted, verifier=b"\x03" * 32, updated_ms=NOW + 2)


async def test_a_credential_may_be_made_with_limits(store):
    made = replace(api_key(), policy="/twilio/voice/calls/read", networks="2001:db8::/32", canary=True)
    made = replace(made, watched=True, reaction="freeze-account", ends_ms=NOW + 5)
    await store.put_credential(made)
    assert await store.credential("SK1") == made
    (key,) = await store.keys(A)
    assert key.ends_ms == NOW + 5
    limits = {"policy": made.policy, "networks": made.networks, "canary": True, "at_ms": NOW + 1}
    for given, ends_ms in ((None, NOW + 5), (NOW + 9, NOW + 9), (0, 0), (NOW + 5, NOW + 5)):
        assert await store.restrict_credential(A, "SK1", ends_ms=given, **limits) is True
        assert (await store.credential("SK1")).ends_ms == ends_ms
    # A new secret does not prolong it.
    await store.put_credential(replace(made, verifier=b"\x03" * 32, ends_ms=0))
    assert (await store.credential("SK1")).ends_ms == NOW + 5


async def test_an_accounts_networks_outlast_its_other_changes(store, account):
    row, credential = account()
    await store.create_account(row, credential)
    assert await store.restrict_account(B, "192.0.2.1/32", NOW + 1) is False
    assert await store.restrict_account(A, "192.0.2.1/32", NOW + 1) is True
    assert await store.update_account(replace(row, friendly_name="New", updated_ms=NOW + 2), was="active") is True
    assert await store.account(A) == replace(row, friendly_name="New", networks="192.0.2.1/32", updated_ms=NOW + 2)


async def test_what_there_is_to_see_of_a_key_is_all_but_its_secret(store, account):
    await store.create_account(*account())
    shown = {name: getattr(api_key(), name) for name in KeyRow.__struct_fields__ if name != "used_ms"}
    await store.put_credential(api_key())
    later = replace(api_key(), sid="SK2", canary=True, networks="192.0.2.1/32", created_ms=NOW + 5)
    await store.put_credential(later)
    await store.note_use(A, "SK1", NOW + 9)
    known = KeyRow(**shown, used_ms=NOW + 9)
    assert await store.key(A, "SK1") == known
    assert [await store.key(B, "SK1"), await store.key(A, A), await store.key(A, "SK3")] == [None] * 3
    second = replace(known, sid="SK2", canary=True, networks="192.0.2.1/32", created_ms=NOW + 5, used_ms=None)
    assert await store.keys(A) == [second, known]
    assert await store.keys(A, before="SK2") == [known]
    assert await store.keys(A, limit=1) == [second]
    assert await store.keys(B) == []


async def test_the_last_use_of_a_credential_is_known_until_it_goes(store):
    await store.note_use(A, "SK1", NOW)
    assert await store.used_ms(A, "SK1") is None
    await store.put_credential(api_key())
    await store.note_use(B, "SK1", NOW)
    assert await store.used_ms(A, "SK1") is None
    for at_ms in (NOW + 5, NOW + 3):
        await store.note_use(A, "SK1", at_ms)
    assert await store.used_ms(A, "SK1") == NOW + 5
    assert await store.used_ms(B, "SK1") is None
    assert await store.delete_credential(A, "SK1") is True
    assert await store.used_ms(A, "SK1") is None


async def test_the_networks_that_a_credential_was_used_from_are_known_until_it_goes(store):
    await store.note_use(A, "SK1", NOW, "192.0.2.0/24")
    assert await store.known_networks(A, "SK1") == []
    await store.put_credential(api_key())
    for at_ms, network in ((5, "192.0.2.0/24"), (4, "2001:db8::/48"), (6, ""), (7, "192.0.2.0/24"), (8, "2.0.2.0/24")):
        await store.note_use(A, "SK1", NOW + at_ms, network)
    assert await store.known_networks(A, "SK1") == ["192.0.2.0/24", "2001:db8::/48", "2.0.2.0/24"]
    assert await store.known_networks(B, "SK1") == []
    assert await store.used_ms(A, "SK1") == NOW + 8
    for number in range(250):
        await store.note_use(A, "SK1", NOW, f"10.0.{number}.0/24")
    known = await store.known_networks(A, "SK1")
    assert 100 < len(known) < 250
    assert len(" ".join(known)) <= KNOWN_CHARACTERS
    assert await store.delete_credential(A, "SK1") is True
    assert await store.known_networks(A, "SK1") == []

"""Who may use an account: what the key service numbered is written once, and never over what is newer."""

import asyncio

import pytest
from msgspec.structs import replace

from ringfence.ports.access_changes import OvertakenError
from ringfence.ports.notices import NoticeAddress
from ringfence.ports.store import AccountRow, CredentialRow, SidTakenError

NOW = 1_700_000_000_000
A, B = "AC" + "a" * 32, "AC" + "b" * 32
SK = "SK" + "1" * 32
KEY = CredentialRow(
    account=A, sid=SK, kind="api_key", verifier=b"\x01" * 32, hmac_states=b"s", created_ms=NOW, updated_ms=NOW
)
HERE, THERE = "192.0.2.0/24", "198.51.100.0/24"


async def accounts(store):
    for sid in (A, B):
        row = AccountRow(sid=sid, tenant=sid, friendly_name="", created_ms=NOW, updated_ms=NOW)
        token = replace(KEY, account=sid, sid=sid, kind="auth_token")
        await store.create_account(row, token)


async def overtaken(writing):
    with pytest.raises(OvertakenError) as newer:
        await writing
    return newer.value.fields


async def test_an_older_limit_of_a_key_is_not_written_over_a_newer(store):
    await accounts(store)
    await store.put_credential(KEY)
    assert await store.restrict_credential(A, SK, networks=HERE, at_ms=NOW + 2, number=NOW + 2)
    older = {"networks": THERE, "canary": True, "at_ms": NOW + 1, "number": NOW + 1}
    assert await overtaken(store.restrict_credential(A, SK, **older)) == {"networks"}
    written = replace(KEY, networks=HERE, updated_ms=NOW + 2)
    assert await store.credential(SK) == written, "nothing of it"
    # What is left of it without that was not passed by what failed.
    del older["networks"]
    assert await store.restrict_credential(A, SK, **older)
    assert await store.credential(SK) == replace(written, canary=True, updated_ms=NOW + 1)
    assert await store.restrict_credential(A, SK, networks="", at_ms=NOW + 3, number=NOW + 3)
    assert (await store.credential(SK)).networks == ""


async def test_the_same_number_is_written_once(store):
    await accounts(store)
    await store.put_credential(KEY)
    await store.rename_credential(A, SK, "Till", NOW + 9)
    limits = {"policy": "p", "networks": HERE, "canary": True, "watched": True, "reaction": "freeze-key"}
    for _ in range(2):
        assert await store.restrict_credential(A, SK, **limits, ends_ms=NOW + 8, at_ms=NOW + 1, number=NOW + 1)
        assert await store.credential(SK) == replace(
            KEY, friendly_name="Till", updated_ms=NOW + 1, ends_ms=NOW + 8, **limits
        )
    await store.rename_credential(A, SK, "Door", NOW + 9)
    assert await store.restrict_credential(A, SK, networks=THERE, at_ms=NOW + 1, number=NOW + 1)
    row = await store.credential(SK)
    assert (row.networks, row.updated_ms) == (HERE, NOW + 9)


async def test_what_is_absent_of_a_limit_stays_and_is_no_newer_for_it(store):
    await accounts(store)
    await store.put_credential(KEY)
    assert await store.restrict_credential(A, SK, canary=True, at_ms=NOW + 5)
    assert await store.restrict_credential(A, SK, ends_ms=NOW + 8, at_ms=NOW + 5)
    assert await store.restrict_credential(A, SK, networks=HERE, at_ms=NOW + 1, number=NOW + 1)
    row = await store.credential(SK)
    assert (row.canary, row.ends_ms, row.networks, row.policy, row.reaction) == (True, NOW + 8, HERE, "", "alarm")


async def test_what_is_done_at_once_is_always_written_and_stays_where_it_is_newer(store):
    await accounts(store)
    await store.put_credential(KEY)
    assert await store.restrict_credential(A, SK, networks=HERE, at_ms=NOW + 5)
    # In one millisecond what was numbered is the newer.
    for number, fields in ((NOW + 4, {"networks"}), (NOW, {"networks"})):
        late = store.restrict_credential(A, SK, networks="", at_ms=number, number=number)
        assert await overtaken(late) == fields
    assert await store.restrict_credential(A, SK, networks=THERE, at_ms=NOW + 5, number=NOW + 5)
    # A clock that was put back makes nothing older that is written.
    assert await store.restrict_credential(A, SK, networks=HERE, at_ms=NOW + 2)
    assert (await store.credential(SK)).networks == HERE
    assert await store.restrict_credential(A, SK, networks=THERE, at_ms=NOW + 5, number=NOW + 5)
    assert (await store.credential(SK)).networks == HERE
    assert await overtaken(store.restrict_credential(A, SK, networks="", at_ms=NOW, number=NOW + 4)) == {"networks"}


async def test_fields_and_keys_are_newer_each_for_itself(store):
    await accounts(store)
    other = replace(KEY, account=B, sid="SK" + "2" * 32)
    for row in (KEY, other):
        await store.put_credential(row)
    await store.restrict_credential(A, SK, networks=HERE, at_ms=NOW + 9)
    assert await store.restrict_credential(B, other.sid, networks=HERE, at_ms=NOW, number=NOW)
    assert await store.restrict_account(A, HERE, NOW, number=NOW)
    for absent in ((B, SK), (A, "SK" + "3" * 32)):
        assert await store.restrict_credential(*absent, networks=HERE, at_ms=NOW + 9, number=NOW + 9) is False
    assert await overtaken(store.restrict_credential(A, SK, networks="", at_ms=NOW, number=NOW + 8)) == {"networks"}


async def test_an_accounts_older_networks_are_not_written_over_newer_ones(store):
    await accounts(store)
    for _ in range(2):
        assert await store.restrict_account(A, HERE, NOW + 1, number=NOW + 1)
    assert await store.restrict_account(A, THERE, NOW + 3, number=NOW + 3)
    assert await overtaken(store.restrict_account(A, HERE, NOW + 2, number=NOW + 2)) == {"networks"}
    row = await store.account(A)
    assert (row.networks, row.updated_ms) == (THERE, NOW + 3)
    assert await store.restrict_account(A, "", NOW + 4)
    for late in (NOW + 3, NOW + 1):
        assert await overtaken(store.restrict_account(A, HERE, late, number=late)) == {"networks"}
    assert (await store.account(A)).networks == ""
    # The same number is no newer than itself, nor are another account's.
    assert await store.restrict_account(A, HERE, NOW + 5, number=NOW + 5)
    assert await store.restrict_account(A, THERE, NOW + 5, number=NOW + 5)
    assert (await store.account(A)).networks == HERE
    assert await store.restrict_account(B, HERE, NOW, number=NOW)
    assert await store.restrict_account("AC" + "c" * 32, HERE, NOW, number=NOW) is False


async def test_an_older_address_for_notices_neither_comes_nor_goes_after_a_newer(store):
    await accounts(store)
    row = NoticeAddress(account=A, standing=b"sealed", updated_ms=NOW + 1)
    await store.keep_notice_address(row, number=NOW + 1)
    await store.keep_notice_address(replace(row, standing=b"other"), number=NOW + 1)
    assert await store.notice_addresses([A]) == [row]
    assert await store.drop_notice_address(A, at_ms=NOW + 3, number=NOW + 3)
    assert not await store.drop_notice_address(A, at_ms=NOW + 3, number=NOW + 3)
    assert await overtaken(store.keep_notice_address(row, number=NOW + 2)) == {"notice_address"}
    assert await store.notice_addresses([A]) == [None]
    newer = replace(row, updated_ms=NOW + 5)
    await store.keep_notice_address(newer)
    assert await overtaken(store.drop_notice_address(A, at_ms=NOW + 4, number=NOW + 4)) == {"notice_address"}
    assert await store.notice_addresses([A]) == [newer]
    assert await store.drop_notice_address(A, at_ms=NOW + 7)
    assert await overtaken(store.keep_notice_address(newer, number=NOW + 6)) == {"notice_address"}
    assert await store.notice_addresses([A]) == [None]
    await store.keep_notice_address(newer, number=NOW + 7)
    assert await store.notice_addresses([A]) == [newer]


async def test_a_numbered_key_is_made_once(store):
    await accounts(store)
    await store.add_credential(KEY, NOW)
    assert await store.credential(SK) == KEY
    renamed = replace(KEY, friendly_name="Till", updated_ms=NOW + 1)
    await store.rename_credential(A, SK, "Till", NOW + 1)
    await store.add_credential(KEY, NOW)
    assert await store.credential(SK) == renamed
    with pytest.raises(SidTakenError):
        await store.add_credential(replace(KEY, account=B), NOW + 1)
    assert await store.delete_credential(A, SK)
    await store.add_credential(KEY, NOW)
    assert await store.credential(SK) is None
    # Of the other account nothing was noted.
    await store.add_credential(replace(KEY, account=B), NOW + 1)
    assert (await store.credential(SK)).account == B


async def test_a_key_that_was_revoked_before_it_was_made_is_not_made(store):
    await accounts(store)
    assert await store.delete_credential(A, SK, number=NOW + 2) is False
    assert await overtaken(store.add_credential(KEY, NOW + 1)) == {"made"}
    await store.add_credential(KEY, NOW + 2)
    assert await store.credential(SK) is None
    await store.put_credential(KEY)
    assert await store.delete_credential(B, SK, number=NOW + 3) is False
    assert await store.delete_credential(A, SK, number=NOW + 1) is True
    assert await overtaken(store.add_credential(KEY, NOW + 1)) == {"made"}


async def test_of_a_key_that_went_it_is_known_alone_that_it_was_made(store):
    await accounts(store)
    await store.put_credential(KEY)
    await store.restrict_credential(A, SK, networks=HERE, at_ms=NOW + 9)
    await store.delete_credential(A, SK)
    await store.put_credential(KEY)
    assert await store.restrict_credential(A, SK, networks=THERE, at_ms=NOW, number=NOW)
    assert (await store.credential(SK)).networks == THERE


async def test_of_writes_at_one_moment_the_newest_stays_and_those_that_lose_fail_alone(store):
    await accounts(store)
    await store.put_credential(KEY)
    writes = [
        write
        for number in (NOW + 3, NOW + 1, NOW + 2)
        for write in (
            store.restrict_account(A, f"192.0.2.{number - NOW}/32", number, number=number),
            store.restrict_credential(A, SK, networks=f"192.0.2.{number - NOW}/32", at_ms=number, number=number),
        )
    ]
    ends = await asyncio.gather(*writes, return_exceptions=True)
    assert ends[:2] == [True, True]
    assert [type(end) for end in ends[2:]] == [OvertakenError] * 4
    assert (await store.account(A)).networks == (await store.credential(SK)).networks == "192.0.2.3/32"

"""An owner changes who may use the account, past a console that can change none of it by itself."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.unit.console.access_forms import kept, version
from tests.unit.console.test_key_routes import SENDS, SK, api_key
from tests.unit.console.test_members import AC, account, enrolled, give_role

from ringfence.domain.client_validation import read_client_keys
from ringfence.usecases.accounts.take_access import take_access

LIMITS = f"key_limits:{SK}"


@pytest.fixture(scope="module")
def pem() -> str:
    public = rsa.generate_private_key(public_exponent=65_537, key_size=2_048).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


async def changed(it: Any, member: Any, record: str, **fields: Any) -> int:
    """The status of a form's answer; what it changed is in the store then."""
    answer = await kept(it, member, record, lambda _: fields)
    await take_access(it.store, it.keys, it.clock)
    status: int = answer.status_code
    return status


def test_networks_of_the_account_are_changed_and_shown_with_the_address_of_who_asks(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            member = await enrolled(it, await account(it))
            assert "taken from everywhere" in (await member.page("/access")).text
            seen = [await version(member, "/access")]
            answer = await kept(it, member, "networks", lambda _: {"networks": "192.0.2.0/24, ::1"})
            assert answer.status_code == 200
            assert "1 change waits" in (await member.page("/access")).text
            seen.append(await version(member, "/access"))
            assert (await it.store.account(AC)).networks == ""
            await take_access(it.store, it.keys, it.clock)
            assert (await it.store.account(AC)).networks == "192.0.2.0/24 ::1/128"
            page = (await member.page("/access")).text
            assert "192.0.2.0/24" in page
            assert "waits" not in page
            assert len({*seen, await version(member, "/access")}) == 3, "whoever follows the page hears of both"
            assert (await member.ask("POST", "/access/form")).json()["address"] in page
            assert await changed(it, member, "networks", networks="10.0.0.1/8") == 400
            assert await changed(it, member, "networks", networks="") == 200
            assert (await it.store.account(AC)).networks == ""

    run(scene())


def test_public_keys_are_added_required_and_taken_away_and_a_rule_without_a_key_is_dropped(
    run: Any, stand: Any, pem: str
) -> None:
    async def scene() -> None:
        async with stand() as it:
            member = await enrolled(it, await account(it))

            async def there() -> Any:
                return read_client_keys((await it.store.account(AC)).client_keys)

            assert await changed(it, member, "client_keys", required=True) == 200
            assert not (await there()).required
            assert await changed(it, member, "client_keys", add="no key", friendly_name="web") == 400
            assert await changed(it, member, "client_keys", add=pem, friendly_name="") == 400
            assert await changed(it, member, "client_keys", add=pem, friendly_name="web") == 200
            (key,) = (await there()).keys
            assert (key.friendly_name, key.sid[:2]) == ("web", "CR")
            page = (await member.page("/access")).text
            assert key.sid in page
            assert "Require a signature" in page
            assert await changed(it, member, "client_keys", required=True) == 200
            assert (await there()).required
            # Without its only key nobody could sign: that is dropped.
            assert await changed(it, member, "client_keys", remove=key.sid) == 200
            assert (await there()).keys == (key,)
            assert "Require no signature" in (await member.page("/access")).text
            assert await changed(it, member, "client_keys", remove=key.sid, required=False) == 200
            left = await there()
            assert (left.keys, left.required) == ((), False)
            assert await changed(it, member, "client_keys", remove="SK" + "1" * 32) == 400

    run(scene())


def test_a_key_is_limited_as_far_as_it_was_made_for(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            caller = await account(it)
            await api_key(it, caller, SENDS)
            member = await enrolled(it, caller)
            deletes = f"{SENDS[:-6]}delete"
            limits = {"networks": "192.0.2.0/24, 2001:db8::/32", "policy": f"{SENDS}\n{deletes}", "canary": True}
            seen = [await version(member, f"/keys/{SK}")]
            assert (await kept(it, member, LIMITS, lambda _: limits)).status_code == 200
            assert "A change waits" in (await member.page(f"/keys/{SK}")).text
            seen.append(await version(member, f"/keys/{SK}"))
            await take_access(it.store, it.keys, it.clock)
            assert len({*seen, await version(member, f"/keys/{SK}")}) == 3, "whoever follows the page hears of both"
            row = await it.store.credential(SK)
            assert (row.networks, row.policy) == ("192.0.2.0/24 2001:db8::/32", f"{SENDS} {deletes}")
            assert (row.canary, row.watched, row.reaction) == (True, False, "alarm")
            assert await changed(it, member, LIMITS, reaction="freeze-key", canary=False) == 200
            row = await it.store.credential(SK)
            assert (row.canary, row.reaction, row.networks) == (False, "freeze-key", "192.0.2.0/24 2001:db8::/32")
            page = (await member.page(f"/keys/{SK}")).text
            assert all(each in page for each in (deletes, "2001:db8::/32", "freezing itself"))
            # A key that only writes does not come to read: that is dropped. What is no limit is refused.
            assert await changed(it, member, LIMITS, policy=f"{SENDS[:-6]}read") == 200
            for wrong in (
                {"policy": ""},
                {"policy": "x"},
                {"networks": "here"},
                {"reaction": "none"},
                {"verifier": ""},
            ):
                assert await changed(it, member, LIMITS, **wrong) == 400
            assert await it.store.credential(SK) == row
            assert await changed(it, member, f"key_limits:{AC}", canary=True) == 400
            # Of a key that is gone nothing comes.
            assert await changed(it, member, "key_limits:SK" + "9" * 32, canary=True) == 200
            assert await it.store.credential("SK" + "9" * 32) is None

    run(scene())


def test_a_keys_end_is_put_off_and_taken_away_until_it_has_come(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            caller = await account(it)
            await api_key(it, caller)
            member = await enrolled(it, caller)
            now_ms = it.clock.now_ms()
            for ends_ms in (now_ms + 1_000, now_ms + 9_000, 0, now_ms + 60_000):
                assert await changed(it, member, LIMITS, ends_ms=ends_ms) == 200
                assert (await it.store.credential(SK)).ends_ms == ends_ms
            assert await changed(it, member, LIMITS, canary=True, ends_ms=None) == 200
            row = await it.store.credential(SK)
            assert (row.canary, row.ends_ms) == (True, now_ms + 60_000)
            assert await changed(it, member, LIMITS, ends_ms=now_ms) == 400
            assert "canary until 2" in (await member.page("/keys")).text
            assert "Change its limits" in (await member.page(f"/keys/{SK}")).text
            it.clock.advance(60_000)
            assert ">ended<" in (await member.page("/keys")).text
            page = (await member.page(f"/keys/{SK}")).text
            assert "it has ended" in page
            assert "Change its limits" not in page
            assert await changed(it, member, LIMITS, ends_ms=0) == 409
            await it.keys.tidy()
            assert await changed(it, member, LIMITS, ends_ms=0) == 409
            assert (await it.store.credential(SK)).ends_ms == now_ms + 60_000

    run(scene())


def test_a_reader_and_an_approver_change_nothing_of_it(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            caller = await account(it)
            owner = await enrolled(it, caller)
            other = await enrolled(it, caller)
            for role in ("reader", "approver"):
                await owner.verify()
                assert (await give_role(it, owner, role)).status_code == 200
                await other.verify()
                for path in ("/access/form", "/access"):
                    assert (await other.ask("POST", path, {"record": "networks", "form": {}})).status_code == 403
                assert (await other.page("/access")).status_code == 200

    run(scene())

"""Members see their keys, limit, freeze and revoke them; nothing that signs in is among what they are shown."""

import hashlib
from typing import Any

import pytest
from tests.unit.console.access_forms import kept, version
from tests.unit.console.test_members import AC, MINUTE_MS, OTHER, account, enrolled
from tests.unit.console.test_number_routes import verbs
from tests.unit.kms.made_keys import MadeKey

from ringfence.domain.base64url import encode_base64url
from ringfence.domain.sealing.slots import slot_public, slot_seed
from ringfence.ports.freezes import is_frozen
from ringfence.ports.keys import Caller, KeyRefusedError, Slot
from ringfence.ports.store import CredentialRow
from ringfence.usecases.accounts.take_access import take_access

SK, SECRET = "SK" + "1" * 32, "k" * 32
NEW = "SK" + "7" * 32
SENDS = "/twilio/messaging/messages/create"


async def api_key(it: Any, caller: Any, policy: str = "") -> Caller:
    seed = slot_seed(SECRET, SK)
    await it.keys.add_slot(caller, AC, Slot(credential=SK, public=slot_public(seed)))
    row = CredentialRow(
        account=AC,
        sid=SK,
        kind="api_key",
        verifier=hashlib.sha256(SECRET.encode()).digest(),
        hmac_states=b"sealed states",
        friendly_name="Till",
        created_ms=1,
        updated_ms=1,
        policy=policy,
    )
    await it.store.put_credential(row)
    return Caller(account=AC, credential=SK, seed=seed)


def test_a_key_is_shown_and_named(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            caller = await account(it)
            await api_key(it, caller, SENDS)
            await it.store.note_use(AC, SK, 1_767_225_600_000)
            member = await enrolled(it, caller)
            page = (await member.page("/keys")).text + (await member.page(f"/keys/{SK}")).text
            assert all(each in page for each in ("Till", SK, "2026-01-01", SENDS))
            assert "sealed states" not in page
            assert (await member.ask("POST", f"/keys/{SK}/name", {"friendly_name": "Shop"})).status_code == 200
            assert (await it.store.credential(SK)).friendly_name == "Shop"

    run(scene())


def test_a_key_is_frozen_and_revoked_with_a_fresh_passkey_and_its_slot_ends(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            caller = await account(it)
            key = await api_key(it, caller)
            member = await enrolled(it, caller)
            it.clock.advance(5 * MINUTE_MS + 1)
            for act, values in (
                ("name", {"friendly_name": "x"}),
                ("freeze", {}),
                ("revoke", {}),
            ):
                answer = await member.ask("POST", f"/keys/{SK}/{act}", values)
                assert (answer.status_code, answer.json()["fresh"]) == (403, True), act
            assert (await member.verify()).status_code == 200
            seen = await version(member, f"/keys/{SK}")
            assert (await member.ask("POST", f"/keys/{SK}/freeze")).status_code == 200
            assert await version(member, f"/keys/{SK}") != seen, "whoever follows its page hears of that"
            assert is_frozen(await it.store.freezes(), "key", SK)
            assert "frozen" in (await member.page(f"/keys/{SK}")).text
            await it.keys.allow(key, AC)
            assert (await member.ask("POST", f"/keys/{SK}/revoke")).status_code == 200
            assert await it.store.credential(SK) is None
            with pytest.raises(KeyRefusedError):
                await it.keys.allow(key, AC)
            assert (await member.ask("POST", f"/keys/{SK}/revoke")).status_code == 404
            assert (await member.page(f"/keys/{SK}")).status_code == 404
            assert {"note.freeze_key", "note.revoke_key", "revoke_slot"} <= set(verbs(it))

    run(scene())


def test_no_other_credential_is_a_key(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            caller = await account(it)
            await api_key(it, caller)
            owner, other = await enrolled(it, caller), await enrolled(it, await account(it, OTHER))
            for sid, member in ((AC, owner), (SK, other)):
                for act, values in (("limits", {"networks": ""}), ("freeze", {}), ("revoke", {})):
                    assert (await member.ask("POST", f"/keys/{sid}/{act}", values)).status_code == 404
            assert await it.store.credential(SK) is not None
            assert await it.store.freezes() == []

    run(scene())


async def new_key(it: Any, member: Any, **changed: Any) -> tuple[MadeKey, Any]:
    """A key that the member's browser made, and what the console answers."""
    made = MadeKey(AC, NEW, SECRET, member.content)
    return made, await kept(it, member, made.record, lambda proof_key: made.fields(proof_key, **changed))


def test_a_key_is_made_past_the_console_and_stands_on_its_page_until_it_is_taken(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            member = await enrolled(it, await account(it))
            made, answer = await new_key(it, member, networks="192.0.2.0/24", ends_ms=it.clock.now_ms() + MINUTE_MS)
            assert answer.status_code == 200
            page = (await member.page("/keys")).text
            assert all(each in page for each in ("not used yet", "Till", NEW))
            assert await it.store.credential(NEW) is None
            assert [entry.actor for entry in it.ledger.entries if entry.verb == "keep_access"] == [member.opened_by]
            await take_access(it.store, it.keys, it.clock)
            row = await it.store.credential(NEW)
            assert (row.friendly_name, row.networks) == ("Till", "192.0.2.0/24")
            assert row.verifier == hashlib.sha256(made.secret.encode()).digest()
            assert "not used yet" not in (await member.page("/keys")).text
            assert "ended" not in (await member.page("/keys")).text
            it.clock.advance(MINUTE_MS)
            assert ">ended<" in (await member.page("/keys")).text

    run(scene())


def test_a_key_is_made_with_a_fresh_passkey_by_an_owner_whose_form_it_is(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            member = await enrolled(it, await account(it))
            _, answer = await new_key(it, member, networks="here")
            assert answer.status_code == 400
            assert "networks such as" in answer.json()["error"]
            _, answer = await new_key(it, member, proof=encode_base64url(bytes(32)))
            assert answer.status_code == 409
            it.clock.advance(5 * MINUTE_MS + 1)
            made = {"record": f"new_key:{NEW}", "form": dict.fromkeys(("by", "box", "proof_key", "proof"), "")}
            for path, values in (("/access/form", {}), ("/access", made)):
                answer = await member.ask("POST", path, values)
                assert (answer.status_code, answer.json()["fresh"]) == (403, True)
            assert await it.keys.take_access() == []

    run(scene())


def test_a_key_that_waits_is_revoked_before_anybody_has_taken_it_and_while_it_is_taken(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            member = await enrolled(it, await account(it))
            await new_key(it, member)
            assert (await member.ask("POST", f"/keys/{NEW}/revoke")).status_code == 200
            await take_access(it.store, it.keys, it.clock)
            assert await it.store.credential(NEW) is None
            assert (await member.ask("POST", f"/keys/{NEW}/revoke")).status_code == 404
            assert "note.revoke_key" in verbs(it)

    run(scene())

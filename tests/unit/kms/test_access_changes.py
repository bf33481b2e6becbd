"""A key that a browser made opens what its maker opens, reaches the API once, and nobody but a member makes one."""

import asyncio
import hashlib
import os
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.unit.kms.conftest import DAY_MS, NOON_MS
from tests.unit.kms.made_keys import MadeKey, sealed_form
from tests.unit.kms.test_browser_slots import KL, PK, READ_BY, READER, Browser, _open_link
from tests.unit.kms.test_browser_slots import browser as browser

from ringfence.domain.access_change import KeyEnded, KeyMade, NoticeAddressSet
from ringfence.domain.base64url import encode_base64url
from ringfence.domain.recovery_kit import recovery_credential
from ringfence.domain.sealing.hmac_states import states_of
from ringfence.domain.sealing.slots import slot_public, slot_seed
from ringfence.domain.standing import hmac_states_record, notice_address_record
from ringfence.ipc.client import Client
from ringfence.kms.access_changes import FORM_MAX_BYTES, WAITING_MAX
from ringfence.kms.client import ApiKeyClient, ConsoleKeyClient
from ringfence.kms.server import serve_console_keys, serve_tenant_keys
from ringfence.ports.keys import Caller, KeyRefusedError, Slot

SK, SECRET = "SK" + "7" * 32, "s" * 32
SENDS = "/twilio/messaging/messages/create"


async def kept(service: Any, browser: Browser, seed: bytes, by: str = "", sid: str = SK, **changed: Any) -> MadeKey:
    """A key, whose form the key service took."""
    made = MadeKey(browser.account, sid, SECRET, browser.content, hybrid=browser.hybrid)
    proof_key = await service.proof_key(browser.account, READER.member)
    form = made.form(await service.grant_keeper(), by or browser.account, seed, proof_key, **changed)
    await service.keep_access(browser.account, made.record, form, READER)
    return made


async def changed(
    service: Any, browser: Browser, seed: bytes, record: str, fields: Any, proof_key: bytes | None = None
) -> None:
    """Any other form, by the Auth Token."""
    proof_key = proof_key or await service.proof_key(browser.account, READER.member)
    keeper, account = await service.grant_keeper(), browser.account
    form = sealed_form(account, record, keeper, account, seed, proof_key, fields, hybrid=browser.hybrid)
    await service.keep_access(account, record, form, READER)


@pytest.fixture
def scene(run: Any, service_at: Any, account: str, token: Any, browser: Browser) -> Any:
    """Run work with a service in which the account is, and a browser that opened it."""

    def played(work: Any) -> None:
        async def scene() -> None:
            async with service_at() as service:
                await service.create_account(account, [token.slot])
                await browser.open(service)
                await work(service)

        run(scene())

    return played


def test_a_key_made_in_a_browser_opens_what_was_and_is_taken_once_with_its_verifier(
    scene: Any, account: str, token: Any, browser: Browser, ledger: Any
) -> None:
    async def work(service: Any) -> None:
        before = await service.sealing_key(token.caller, account)
        await kept(service, browser, token.caller.seed, networks="192.0.2.0/24")
        key = Caller(account=account, credential=SK, seed=slot_seed(SECRET, SK))
        assert await service.open_epochs(key, account, [before.epoch]) == {before.epoch: before.epoch_key}
        (waiting,) = await service.waiting_access(account)
        assert (waiting.record, waiting.friendly_name) == (f"new_key:{SK}", "Till")

        (taken,) = await service.take_access()
        change = taken.change
        assert isinstance(change, KeyMade)
        assert (taken.account, change.sid, change.policy, change.networks) == (account, SK, "", "192.0.2.0/24")
        assert change.verifier == hashlib.sha256(SECRET.encode()).digest()
        (states,) = await service.open_standing(account, [(hmac_states_record(SK), change.hmac_states)])
        assert states == states_of(SECRET.encode())
        # Whoever took it has it for a while; once it is settled nobody gets it again.
        assert await service.take_access() == []
        assert await service.settle_access([taken.number]) == []
        assert await service.waiting_access(account) == []
        entries = {entry.verb: (entry.account, entry.actor, entry.scope) for entry in ledger.entries}
        assert entries["keep_access"] == (account, account, (*READ_BY, f"new_key:{SK}"))

    scene(work)


def test_what_was_taken_and_not_settled_is_given_again_and_forgotten_a_day_after_it_is(
    scene: Any, token: Any, browser: Browser, at_noon: Any
) -> None:
    async def work(service: Any) -> None:
        await kept(service, browser, token.caller.seed)
        (taken,) = await service.take_access()
        at_noon.advance(9_999)
        assert await service.take_access() == []
        at_noon.advance(1)
        assert [each.number for each in await service.take_access()] == [taken.number]
        assert await service.settle_access([taken.number]) == []
        at_noon.advance(86_399_999)
        await service.tidy()
        assert await service.settle_access([taken.number]) == []
        at_noon.advance(86_400_001)
        await service.tidy()
        assert await service.settle_access([taken.number]) == [taken.number]

    scene(work)


@pytest.mark.parametrize("sealed", [True, False])
def test_a_key_that_only_writes_gets_no_content_key(
    scene: Any, account: str, token: Any, browser: Browser, sealed: bool
) -> None:
    async def work(service: Any) -> None:
        await kept(service, browser, token.caller.seed, policy=f" {SENDS}\n", sealed=sealed)
        key = Caller(account=account, credential=SK, seed=slot_seed(SECRET, SK))
        sealing = await service.sealing_key(key, account)
        with pytest.raises(KeyRefusedError):
            await service.open_epochs(key, account, [sealing.epoch])
        (taken,) = await service.take_access()
        assert taken.change.policy == SENDS

    scene(work)


def test_a_key_that_only_writes_is_proved_like_any_other(scene: Any, token: Any, browser: Browser) -> None:
    async def work(service: Any) -> None:
        other = slot_public(os.urandom(32), hybrid=browser.hybrid)
        for changed in ({"proof": encode_base64url(bytes(32))}, {"public": encode_base64url(other)}):
            with pytest.raises(KeyRefusedError):
                await kept(service, browser, token.caller.seed, policy=SENDS, sealed=False, **changed)
        assert await service.take_access() == []

    scene(work)


def test_a_key_of_the_other_kind_is_refused_by_whoever_proves_it(
    scene: Any, account: str, token: Any, browser: Browser
) -> None:
    async def work(service: Any) -> None:
        proof_key = await service.proof_key(account, READER.member)
        slot = browser.proved(SK, slot_public(os.urandom(32), hybrid=not browser.hybrid), [], proof_key)
        changed = {"public": encode_base64url(slot.public), "proof": encode_base64url(slot.proof)}
        form = MadeKey(account, SK, SECRET, browser.content).form(
            await service.grant_keeper(), account, token.caller.seed, proof_key, policy=SENDS, sealed=False, **changed
        )
        with pytest.raises(KeyRefusedError, match="no slot that a browser made"):
            await service.keep_access(account, f"new_key:{SK}", form, READER)

    scene(work)


def test_what_was_settled_is_on_no_disk_when_it_is_forgotten(
    scene: Any, token: Any, browser: Browser, at_noon: Any, kms_dir: Path
) -> None:
    """It held what an account's requests are signed with."""

    def on_disk(what: bytes) -> bool:
        return any(what in path.read_bytes() for path in kms_dir.glob("kms.db*"))

    async def work(service: Any) -> None:
        await service.tidy()
        await kept(service, browser, token.caller.seed)
        (sealed,) = service._store.row("SELECT sealed FROM access_change")
        assert on_disk(sealed)
        (taken,) = await service.take_access()
        await service.settle_access([taken.number])
        at_noon.advance(86_400_000)
        await service.tidy()
        assert not on_disk(sealed)

    scene(work)


def test_who_asks_while_everything_is_in_somebodys_hands_waits_for_no_write(
    scene: Any, token: Any, browser: Browser
) -> None:
    """Every process of the API asks every second."""

    async def work(service: Any) -> None:
        await kept(service, browser, token.caller.seed)
        await service.take_access()
        gate = threading.Event()
        held = asyncio.ensure_future(service._store.write(lambda tx: gate.wait(10)))
        try:
            assert await asyncio.wait_for(service.take_access(), 5) == []
        finally:
            gate.set()
            await held

    scene(work)


def test_what_one_account_waits_for_holds_up_no_other(
    scene: Any, token: Any, browser: Browser, credential: Any
) -> None:
    async def work(service: Any) -> None:
        await kept(service, browser, token.caller.seed)
        await service.take_access()
        other = credential("AC" + "b" * 32, "AC" + "b" * 32)
        await service.create_account(other.sid, [other.slot])
        theirs = Browser(other.sid, other.sid, other.caller.seed)
        await changed(service, theirs, other.caller.seed, "networks", {"networks": ""})
        assert [each.account for each in await service.take_access()] == [other.sid]

    scene(work)


def test_so_much_of_one_account_waits_and_no_more(
    scene: Any, account: str, token: Any, browser: Browser, credential: Any
) -> None:
    async def work(service: Any) -> None:
        async def change(of: Any, browser: Browser) -> None:
            await changed(service, browser, of.caller.seed, "networks", {"networks": ""})

        for _ in range(WAITING_MAX // 40):
            await asyncio.gather(*(change(token, browser) for _ in range(40)))
        with pytest.raises(KeyRefusedError, match=r"^too much waits to be taken$"):
            await change(token, browser)
        other = credential("AC" + "b" * 32, "AC" + "b" * 32)
        await service.create_account(other.sid, [other.slot])
        await change(other, Browser(other.sid, other.sid, other.caller.seed))
        await service.settle_access([(await service.take_access())[0].number])
        await change(token, browser)

    scene(work)


def test_a_form_may_be_as_long_as_a_thousand_content_keys_make_it(
    scene: Any, account: str, token: Any, browser: Browser
) -> None:
    async def work(service: Any) -> None:
        fields = MadeKey(account, SK, SECRET, browser.content).fields
        seed = token.caller.seed
        proof_key = await service.proof_key(account, READER.member)
        long = msgspec.Raw(msgspec.json.encode(fields(proof_key)).ljust(1_000_000))
        await changed(service, browser, seed, f"new_key:{SK}", long, proof_key)
        with pytest.raises(KeyRefusedError):
            await changed(service, browser, seed, "networks", msgspec.Raw(b'{"networks":""}'.ljust(FORM_MAX_BYTES)))

    scene(work)


def test_a_key_that_a_client_signs_with_is_as_old_as_its_form(
    scene: Any, account: str, token: Any, browser: Browser
) -> None:
    public = rsa.generate_private_key(public_exponent=65_537, key_size=2_048).public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()

    async def work(service: Any) -> None:
        await changed(service, browser, token.caller.seed, "client_keys", {"add": pem, "friendly_name": "Till"})
        (waiting,) = await service.waiting_access(account)
        assert (waiting.record, waiting.friendly_name, waiting.at_ms) == ("client_keys", "", NOON_MS)
        (taken,) = await service.take_access()
        assert (taken.at_ms, taken.change.add.created_ms) == (NOON_MS, NOON_MS)

    scene(work)


def test_an_address_for_notices_is_taken_as_the_store_keeps_it_and_nowhere_as_nothing(
    scene: Any, account: str, token: Any, browser: Browser
) -> None:
    url = "https://ops.example.org/notices"

    async def work(service: Any) -> None:
        for address in (url, ""):
            await changed(service, browser, token.caller.seed, "notice_address", {"url": address})
        given, taken_back = await service.take_access()
        assert url.encode() not in given.change.standing
        record = (notice_address_record(account), given.change.standing)
        assert await service.open_standing(account, [record]) == [url.encode()]
        assert taken_back.change == NoticeAddressSet(standing=b"")

    scene(work)


def test_a_key_that_is_revoked_before_it_is_settled_is_answered_as_gone(
    scene: Any, account: str, token: Any, browser: Browser
) -> None:
    async def work(service: Any) -> None:
        await kept(service, browser, token.caller.seed)
        (taken,) = await service.take_access()
        await service.revoke_browser_slot(account, SK, "member:MB1")
        assert await service.settle_access([taken.number]) == [taken.number]
        assert await service.waiting_access(account) == []

    scene(work)


def test_what_takes_out_a_revoked_key_waits_until_it_is_settled(
    scene: Any, account: str, token: Any, browser: Browser, at_noon: Any
) -> None:
    """Whoever has taken the key may write it and die; it has its time for that first."""

    async def work(service: Any) -> None:
        await kept(service, browser, token.caller.seed)
        await service.take_access()
        for _ in range(2):
            await service.revoke_browser_slot(account, SK, "member:MB1")
        assert await service.take_access() == []
        await browser.open(service)
        with pytest.raises(KeyRefusedError, match=r"^there is such a key$"):
            await kept(service, browser, token.caller.seed)
        await service.rotate_standing()
        await service.end_former_standing()
        for _ in range(2):
            at_noon.advance(10_000)
            (ended,) = await service.take_access()
            assert ended.change == KeyEnded(sid=SK)
        assert await service.settle_access([ended.number]) == []
        at_noon.advance(10_000)
        assert await service.take_access() == []

    scene(work)


def test_nothing_of_an_account_is_given_while_somebody_has_something_earlier(
    scene: Any, account: str, token: Any, browser: Browser, at_noon: Any
) -> None:
    """Else a key would come after its limits, and what opens the networks after what shut them."""

    async def work(service: Any) -> None:
        await kept(service, browser, token.caller.seed)
        (made,) = await service.take_access()
        await changed(service, browser, token.caller.seed, f"key_limits:{SK}", {"networks": "192.0.2.0/24"})
        assert await service.take_access() == []
        at_noon.advance(10_000)
        again, limits = await service.take_access()
        assert (again.number, limits.change.networks) == (made.number, "192.0.2.0/24")
        await changed(service, browser, token.caller.seed, "networks", {"networks": ""})
        await service.settle_access([again.number])
        assert await service.take_access() == []
        await service.settle_access([limits.number])
        assert len(await service.take_access()) == 1

    scene(work)


def test_a_form_that_may_be_older_than_one_that_was_kept_is_refused(
    scene: Any, account: str, token: Any, browser: Browser, at_noon: Any, ledger: Any
) -> None:
    """A console that held it back would undo what its maker did instead."""
    newer = r"^something newer of this was kept meanwhile: look at it and begin again$"

    async def work(service: Any) -> None:
        held = await service.proof_key(account, READER.member)
        at_noon.advance(120_000)
        await changed(service, browser, token.caller.seed, "networks", {"networks": "192.0.2.0/24"})
        at_noon.advance(400_000)
        with pytest.raises(KeyRefusedError, match=newer):
            await changed(service, browser, token.caller.seed, "networks", {"networks": ""}, held)
        assert [entry.verb for entry in ledger.entries].count("keep_access") == 1
        assert [entry.verb for entry in ledger.later] == ["refused.keep_access"]
        held = await service.proof_key(account, READER.member)
        await changed(service, browser, token.caller.seed, "client_keys", {"required": False}, held)
        await changed(service, browser, token.caller.seed, "networks", {"networks": ""})
        assert len(await service.take_access()) == 3

    scene(work)


def test_of_two_forms_at_once_the_older_one_is_not_kept_after_the_newer(
    scene: Any, account: str, token: Any, browser: Browser, at_noon: Any, ledger: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are good when they come, and wait for the ledger together."""
    append = ledger.append

    async def slowly(entries: Any) -> None:
        await asyncio.sleep(0)
        await append(entries)

    async def work(service: Any) -> None:
        older = await service.proof_key(account, READER.member)
        at_noon.advance(1)
        newer = await service.proof_key(account, READER.member)
        monkeypatch.setattr(ledger, "append", slowly)
        forms = [
            changed(service, browser, token.caller.seed, "networks", {"networks": networks}, proof_key)
            for networks, proof_key in (("192.0.2.0/24", newer), ("", older))
        ]
        kept_it, was_kept = await asyncio.gather(*forms, return_exceptions=True)
        assert (kept_it, type(was_kept)) == (None, KeyRefusedError)
        (taken,) = await service.take_access()
        assert taken.change.networks == "192.0.2.0/24"

    scene(work)


def test_nobody_makes_a_key_by_what_he_has_no_slot_of_and_nothing_of_it_is_kept(
    scene: Any, account: str, token: Any, browser: Browser, api_key: Any, at_noon: Any, ledger: Any
) -> None:
    """Not a console, which has no slot; not a key, which may be a restricted one; not a link nor a recovery kit."""

    async def work(service: Any) -> None:
        await service.add_slot(token.caller, account, api_key.slot)
        kit = recovery_credential(account)
        await service.add_slot(token.caller, account, Slot(credential=kit, public=slot_public(bytes(32))))
        await _open_link(service, token, at_noon)
        for by, seed in (
            (account, os.urandom(32)),
            (PK, os.urandom(32)),
            (api_key.sid, api_key.caller.seed),
            (kit, bytes(32)),
            (KL, token.caller.seed),
        ):
            with pytest.raises(KeyRefusedError):
                await kept(service, browser, seed, by)
        assert await service.take_access() == []
        assert "keep_access" not in {entry.verb for entry in ledger.entries}
        assert {(entry.account, entry.verb, entry.scope) for entry in ledger.later} == {
            (account, "refused.keep_access", (*READ_BY, f"new_key:{SK}"))
        }

    scene(work)


def test_a_form_makes_its_own_key_alone_and_none_that_there_is(
    scene: Any, account: str, token: Any, browser: Browser, api_key: Any
) -> None:
    async def work(service: Any) -> None:
        seed, keeper = token.caller.seed, await service.grant_keeper()
        made = MadeKey(account, SK, SECRET, browser.content)
        form = made.form(keeper, account, seed, await service.proof_key(account, READER.member))
        other = MadeKey(account, "SK" + "8" * 32, SECRET, browser.content)
        with pytest.raises(KeyRefusedError):
            await service.keep_access(account, other.record, form, READER)
        # The proof's key is used up by that.
        with pytest.raises(KeyRefusedError):
            await service.keep_access(account, made.record, form, READER)
        # The slot is proved too: another public half than the one that the content key's holder sealed to.
        fields = {"public": other.fields(await service.proof_key(account, READER.member))["public"]}
        with pytest.raises(KeyRefusedError):
            await kept(service, browser, seed, **fields)
        with pytest.raises(KeyRefusedError, match=r"^a key that reads has a slot$"):
            await kept(service, browser, seed, boxes=[])
        # So is that the content key is the account's: a console can bring another one of its own making.
        true, browser.content = browser.content, {0: os.urandom(32)}
        with pytest.raises(KeyRefusedError):
            await kept(service, browser, seed)
        browser.content = true | {1: os.urandom(32)}
        with pytest.raises(KeyRefusedError):
            await kept(service, browser, seed)
        browser.content = true
        await service.add_slot(token.caller, account, api_key.slot)
        with pytest.raises(KeyRefusedError, match=r"^there is such a key$"):
            await kept(service, browser, seed, sid=api_key.sid)
        await kept(service, browser, seed)
        with pytest.raises(KeyRefusedError, match=r"^there is such a key$"):
            await kept(service, browser, seed)
        assert len(await service.take_access()) == 1

    scene(work)


def test_a_new_content_key_meanwhile_asks_for_another_try(
    scene: Any, account: str, token: Any, browser: Browser, api_key: Any
) -> None:
    async def work(service: Any) -> None:
        await service.add_slot(token.caller, account, api_key.slot)
        await service.revoke_slot(account, api_key.sid)
        with pytest.raises(ConnectionError):
            await kept(service, browser, token.caller.seed)
        await browser.open(service)
        await kept(service, browser, token.caller.seed)

    scene(work)


def test_what_a_form_may_not_hold_is_refused_by_its_fields_name(scene: Any, token: Any, browser: Browser) -> None:
    async def work(service: Any) -> None:
        for field, value, words in (
            ("friendly_name", "", "friendly_name"),
            ("friendly_name", "n" * 65, "friendly_name"),
            ("friendly_name", "a\nb", "friendly_name"),
            ("policy", "everything", "policy"),
            ("networks", "10.0.0.1/8", "networks"),
            ("verifier", "AAAA", "verifier"),
            ("hmac_states", "AAAA", "hmac_states"),
            ("public", "AAAA", "public"),
            ("proof", "", "proof"),
            ("boxes", [(0, "*")], "boxes"),
            ("ends_ms", NOON_MS, "ends_ms"),
            ("ends_ms", NOON_MS + 3_661 * DAY_MS, "ends_ms"),
            ("ends_ms", -1, "ends_ms"),
            ("canary", True, "form"),
            ("networks", 5, "form"),
        ):
            with pytest.raises(ValueError, match=words):
                await kept(service, browser, token.caller.seed, **{field: value})
        assert await service.take_access() == []

    scene(work)


def test_where_the_ledger_cannot_be_written_no_key_is_made(
    scene: Any, token: Any, browser: Browser, ledger: Any
) -> None:
    async def work(service: Any) -> None:
        ledger.full = True
        with pytest.raises(ConnectionError):
            await kept(service, browser, token.caller.seed)
        ledger.full = False
        assert await service.take_access() == []

    scene(work)


def test_what_waits_outlives_the_standing_key_that_it_was_sealed_under(
    scene: Any, account: str, token: Any, browser: Browser
) -> None:
    async def work(service: Any) -> None:
        await kept(service, browser, token.caller.seed)
        await service.rotate_standing()
        assert await service.end_former_standing() == 1
        (taken,) = await service.take_access()
        assert await service.open_standing(account, [(hmac_states_record(SK), taken.change.hmac_states)])

    scene(work)


def test_forms_and_changes_pass_the_sockets_as_they_are(
    run: Any, service_at: Any, kms_dir: Any, at_noon: Any, account: str, token: Any, browser: Browser
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            servers = [
                await serve_tenant_keys(service, kms_dir / "api"),
                await serve_console_keys(service, kms_dir / "console"),
            ]
            links = Client(kms_dir / "api"), Client(kms_dir / "console")
            api, console = ApiKeyClient(links[0], at_noon), ConsoleKeyClient(links[1])
            await api.create_account(account, [token.slot])
            await browser.open(console)
            await kept(console, browser, token.caller.seed)
            with pytest.raises(ValueError, match="networks: expected networks such as"):
                await kept(console, browser, token.caller.seed, sid="SK" + "8" * 32, networks="here")
            assert [each.record for each in await console.waiting_access(account)] == [f"new_key:{SK}"]
            (taken,) = await api.take_access()
            assert isinstance(taken.change, KeyMade)
            assert taken.change.verifier == hashlib.sha256(SECRET.encode()).digest()
            assert await api.settle_access([taken.number, 99]) == [99]
            await api.end_slot_at(token.caller, account, SK, NOON_MS + 1)
            at_noon.advance(1)
            with pytest.raises(KeyRefusedError, match="has ended"):
                await api.end_slot_at(token.caller, account, SK, 0)
            for link in links:
                await link.close()
            for server in servers:
                await server.close()

    run(scene())

"""What the console gets of the key service, and what a browser may add to it."""

import os
from typing import Any

import msgspec
import pytest

from ringfence.domain.recovery_kit import recovery_credential
from ringfence.domain.sealing import epoch as epochs
from ringfence.domain.sealing.hpke import Recipient
from ringfence.domain.sealing.slot_proof import Boxes, new_slot, prove
from ringfence.domain.sealing.slots import ContentKey, slot_public
from ringfence.ipc.client import Client
from ringfence.kms.client import ConsoleKeyClient
from ringfence.kms.server import CONSOLE_VERBS, DELIVERY_VERBS, TENANT_VERBS, serve_console_keys
from ringfence.ports.console_keys import BrowserSlot, ConsoleKeys, Reader, Way
from ringfence.ports.keys import Caller, KeyRefusedError, Slot

PK, PK2, KL = "PK" + "1" * 32, "PK" + "2" * 32, "KL" + "3" * 32
MINUTE_MS = 60_000
# Why a slot is not added.
NO_KEY, NO_PROOF = "no such key to prove with", "whoever adds this slot does not hold the content key"
NO_WAY, NO_FORM = "no slot of a passkey", "no slot that a browser made"
READER = Reader(session="CS" + "4" * 32, member="MB" + "5" * 32)
READ_BY = (f"session:{READER.session}", f"member:{READER.member}")


class Browser:
    """What a browser does, with Python's half of the cryptography: it opens content keys, and seals them again."""

    def __init__(self, account: str, credential: str, seed: bytes, *, hybrid: bool = False) -> None:
        self.account, self.credential, self.seed, self.hybrid = account, credential, seed, hybrid
        self.content: dict[int, bytes] = {}

    async def open(self, keys: ConsoleKeys) -> None:
        slot = Recipient(self.seed, hybrid=self.hybrid)
        boxes = (
            await keys.link_boxes(self.account, KL)
            if self.credential == KL
            else await keys.slot_boxes(self.account, self.credential, READER)
        )
        for generation, sealed in boxes:
            key = ContentKey.from_slot(self.account, generation, sealed, slot, self.credential)
            self.content[generation] = key._private

    async def slot_for(self, keys: ConsoleKeys, credential: str, seed: bytes) -> BrowserSlot:
        public, proof_key = slot_public(seed, hybrid=self.hybrid), await keys.proof_key(self.account, READER.member)
        held = [ContentKey(self.account, number, key, hybrid=self.hybrid) for number, key in self.content.items()]
        boxes = [(key.generation, key.seal_to_slot(public, credential)) for key in held]
        return self.proved(credential, public, boxes, proof_key)

    def proved(self, credential: str, public: bytes, boxes: Boxes, proof_key: bytes) -> BrowserSlot:
        """A slot of these boxes, with the proof of whoever holds the present content key."""
        present = max(self.content)
        what = new_slot(self.account, credential, present, public, boxes)
        proof = prove(self.content[present], proof_key, what, hybrid=self.hybrid)
        return BrowserSlot(credential=credential, public=public, boxes=boxes, proof_key=proof_key, proof=proof)


@pytest.fixture
def browser(token: Any, account: str) -> Browser:
    """A browser in which the Auth Token was typed."""
    return Browser(account, token.sid, token.caller.seed)


def test_a_browser_opens_what_the_api_sealed(
    run: Any, service_at: Any, account: str, token: Any, browser: Browser
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            sealing = await service.sealing_key(token.caller, account)
            await browser.open(service)
            found = await service.sealed_epochs(account, token.sid, [sealing.epoch], READER)
            ((generation, sealed),) = found[sealing.epoch]
            content = ContentKey(account, generation, browser.content[generation])
            assert epochs.open_epoch_key(sealed, content.recipient, account, sealing.epoch) == sealing.epoch_key
            assert await service.sealed_epochs(account, token.sid, [1, 2], READER) == {}

    run(scene())


def test_a_passkey_that_a_browser_added_opens_what_was_and_what_comes(
    run: Any, service_at: Any, account: str, token: Any, api_key: Any, browser: Browser, at_noon: Any
) -> None:
    seed = os.urandom(32)

    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot, api_key.slot])
            before = await service.sealing_key(token.caller, account)
            await browser.open(service)
            link = await _open_link(service, token, at_noon)
            await service.add_browser_slot(account, await browser.slot_for(service, PK, seed), link, "link")
            await service.revoke_slot(account, api_key.sid)
            after = await service.sealing_key(token.caller, account)
            passkey = Caller(account=account, credential=PK, seed=seed)
            assert await service.open_epochs(passkey, account, [before.epoch, after.epoch]) == {
                before.epoch: before.epoch_key,
                after.epoch: after.epoch_key,
            }
            await service.revoke_browser_slot(account, PK, f"member:{PK}")
            with pytest.raises(KeyRefusedError):
                await service.open_epochs(passkey, account, [before.epoch])

    run(scene())


async def _refused(service: Any, account: str, slot: BrowserSlot, by: str, why: str, way: Way = "link") -> None:
    with pytest.raises(KeyRefusedError, match=f"^{why}$"):
        await service.add_browser_slot(account, slot, by, way)


async def _open_link(service: Any, token: Any, at_noon: Any) -> str:
    """A link's name. The tests' browser has the content keys by the Auth Token, and needs no more of it."""
    _, slot = _link(token.caller.account)
    await service.open_console_link(token.caller, token.caller.account, slot, at_noon.now_ms() + 10 * MINUTE_MS)
    return KL


def test_nobody_adds_a_slot_who_does_not_hold_the_content_key(
    run: Any, service_at: Any, account: str, token: Any, browser: Browser, ledger: Any, at_noon: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            await browser.open(service)
            link = await _open_link(service, token, at_noon)
            thief = Browser(account, token.sid, b"")
            thief.content = {0: os.urandom(32)}
            await _refused(service, account, await thief.slot_for(service, PK, os.urandom(32)), link, NO_PROOF)
            # What a holder proved is not good for another slot, other boxes, another name.
            for why, changed in (
                (NO_PROOF, {"public": slot_public(os.urandom(32))}),
                (NO_PROOF, {"boxes": [(0, bytes(80))]}),
                (NO_PROOF, {"credential": PK2}),
                (NO_PROOF, {"proof": bytes(32)}),
                (NO_KEY, {"proof_key": bytes(32)}),
                (NO_FORM, {"boxes": [(0, bytes(79))]}),
                (NO_FORM, {"boxes": [(0, bytes(80)), (0, bytes(80))]}),
                (NO_FORM, {"boxes": [(0, bytes(80)), (7, bytes(80))]}),
                (NO_FORM, {"public": b""}),
            ):
                slot = await browser.slot_for(service, PK, os.urandom(32))
                await _refused(service, account, msgspec.structs.replace(slot, **changed), link, why)
            assert {(entry.actor, entry.verb, entry.scope) for entry in ledger.later} == {
                (link, "refused.add_slot", ())
            }
            with pytest.raises(KeyRefusedError, match=r"^this credential opens nothing$"):
                await service.slot_boxes(account, PK, READER)

    run(scene())


def test_a_proof_serves_once_and_ten_minutes(
    run: Any, service_at: Any, account: str, token: Any, browser: Browser, at_noon: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            await browser.open(service)
            slot = await browser.slot_for(service, PK, os.urandom(32))
            link = await _open_link(service, token, at_noon)
            await service.add_browser_slot(account, slot, link, "link")
            await service.revoke_browser_slot(account, PK, "member:MB1")
            await _open_link(service, token, at_noon)
            await _refused(service, account, slot, link, NO_KEY)
            await browser.open(service)
            late = await browser.slot_for(service, PK, os.urandom(32))
            at_noon.advance(10 * MINUTE_MS)
            await _open_link(service, token, at_noon)
            await _refused(service, account, late, link, NO_KEY)

    run(scene())


def test_of_other_credentials_than_passkeys_no_browser_adds_a_slot(
    run: Any, service_at: Any, account: str, token: Any, browser: Browser, at_noon: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            await browser.open(service)
            link = await _open_link(service, token, at_noon)
            for name in (account, "SK" + "1" * 32, KL):
                await _refused(service, account, await browser.slot_for(service, name, os.urandom(32)), link, NO_WAY)
            with pytest.raises(KeyRefusedError, match=r"^no slot of a passkey or key$"):
                await service.revoke_browser_slot(account, account, "member:MB1")
            await service.add_browser_slot(account, await browser.slot_for(service, PK, os.urandom(32)), link, "link")
            await browser.open(service)
            again = await browser.slot_for(service, PK, os.urandom(32))
            await _refused(service, account, again, PK, "this passkey has a slot", "passkey")

    run(scene())


def test_whatever_opens_the_account_lets_nobody_in_but_a_link_and_a_passkey_that_has_a_slot(
    run: Any, service_at: Any, account: str, token: Any, api_key: Any, browser: Browser, at_noon: Any
) -> None:
    """Else a restricted key, a canary, a frozen key or a recovery kit would make whoever found it a member."""
    recovery = recovery_credential(account)

    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot, api_key.slot])
            await service.add_slot(token.caller, account, Slot(credential=recovery, public=slot_public(bytes(32))))
            await browser.open(service)
            for by in (account, api_key.sid, recovery, "SK" + "9" * 32, PK, KL, ""):
                for way in ("link", "passkey"):
                    slot = await browser.slot_for(service, PK2, os.urandom(32))
                    await _refused(service, account, slot, by, NO_WAY, way)
                with pytest.raises(KeyRefusedError, match=r"^this link opens nothing$"):
                    await service.link_boxes(account, by)
            link = await _open_link(service, token, at_noon)
            first = await browser.slot_for(service, PK, os.urandom(32))
            await _refused(service, account, first, link, NO_WAY, "passkey")
            await service.add_browser_slot(account, await browser.slot_for(service, PK, os.urandom(32)), link, "link")
            await browser.open(service)
            second = await browser.slot_for(service, PK2, os.urandom(32))
            await _refused(service, account, second, PK, NO_WAY, "link")
            second = await browser.slot_for(service, PK2, os.urandom(32))
            await service.add_browser_slot(account, second, PK, "passkey")
            await service.revoke_browser_slot(account, PK, "member:MB1")
            await browser.open(service)
            third = await browser.slot_for(service, "PK" + "3" * 32, os.urandom(32))
            await _refused(service, account, third, PK, NO_WAY, "passkey")

    run(scene())


def test_a_passkey_that_is_forgotten_while_it_lets_another_in_lets_none_in(
    run: Any, service_at: Any, account: str, token: Any, browser: Browser, at_noon: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            await browser.open(service)
            link = await _open_link(service, token, at_noon)
            await service.add_browser_slot(account, await browser.slot_for(service, PK, os.urandom(32)), link, "link")
            await browser.open(service)
            slot = await browser.slot_for(service, PK2, os.urandom(32))
            service._browsers.check(account, slot, PK, "passkey")
            await service.revoke_browser_slot(account, PK, "member:MB1")
            with pytest.raises(KeyRefusedError, match=r"^what let it in has no slot any more$"):
                await service._browsers.add(account, slot, PK)

    run(scene())


def test_a_link_is_written_down_when_it_is_opened_and_not_again(
    run: Any, service_at: Any, account: str, token: Any, at_noon: Any, ledger: Any
) -> None:
    """Whoever asks has shown nothing: they could fill the account's record."""

    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            link = await _open_link(service, token, at_noon)
            ledger.entries.clear()
            first = await service.link_boxes(account, link)
            assert await service.link_boxes(account, link) == first
            assert [(entry.account, entry.actor, entry.verb) for entry in ledger.entries] == [
                (account, link, "slot_boxes")
            ]

    run(scene())


def test_a_slot_without_the_present_content_key_is_to_be_made_again(
    run: Any, service_at: Any, account: str, token: Any, api_key: Any, browser: Browser, at_noon: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot, api_key.slot])
            await browser.open(service)
            link = await _open_link(service, token, at_noon)
            slot = await browser.slot_for(service, PK, os.urandom(32))
            late = await browser.slot_for(service, PK, os.urandom(32))
            service._browsers.check(account, late, link, "link")
            await service.revoke_slot(account, api_key.sid)
            for refused in (
                service.add_browser_slot(account, slot, link, "link"),
                service._browsers.add(account, late, KL),
            ):
                with pytest.raises(ConnectionError, match=r"^a new content key began meanwhile$"):
                    await refused

    run(scene())


def _link(account: str) -> tuple[Browser, Slot]:
    seed = os.urandom(32)
    return Browser(account, KL, seed), Slot(credential=KL, public=slot_public(seed))


def test_a_link_lets_one_passkey_in_and_is_gone(
    run: Any, service_at: Any, account: str, token: Any, at_noon: Any
) -> None:
    visitor, slot = _link(account)

    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            until_ms = at_noon.now_ms() + 10 * MINUTE_MS
            await service.open_console_link(token.caller, account, slot, until_ms)
            await visitor.open(service)
            seed = os.urandom(32)
            await service.add_browser_slot(account, await visitor.slot_for(service, PK, seed), KL, "link")
            second = await visitor.slot_for(service, PK2, os.urandom(32))
            for refused in (
                service.link_boxes(account, KL),
                service.sealed_epochs(account, KL, [], READER),
                service.add_browser_slot(account, second, KL, "link"),
            ):
                with pytest.raises((KeyRefusedError, ConnectionError)):
                    await refused
            # Whoever saw the link opens nothing that comes after it.
            assert [generation for generation, _ in await service.slot_boxes(account, PK, READER)] == [0, 1]
            newest = await service.sealing_key(token.caller, account)
            assert await service.open_epochs(
                Caller(account=account, credential=PK, seed=seed), account, [newest.epoch]
            ) == {newest.epoch: newest.epoch_key}

    run(scene())


def test_a_passkey_that_opens_nothing_uses_a_link_up_all_the_same(
    run: Any, service_at: Any, account: str, token: Any, at_noon: Any
) -> None:
    visitor, slot = _link(account)

    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            await service.open_console_link(token.caller, account, slot, at_noon.now_ms() + 10 * MINUTE_MS)
            await visitor.open(service)
            empty = await _empty(visitor, service)
            await _refused(service, account, msgspec.structs.replace(empty, proof=bytes(32)), KL, NO_PROOF)
            await service.add_browser_slot(account, await _empty(visitor, service), KL, "link")
            for gone in (service.link_boxes(account, KL), service.slot_boxes(account, PK, READER)):
                with pytest.raises(KeyRefusedError):
                    await gone

    run(scene())


async def _empty(browser: Browser, service: Any) -> BrowserSlot:
    proof_key = await service.proof_key(browser.account, READER.member)
    proof = prove(browser.content[0], proof_key, new_slot(browser.account, PK, 0, b"", []))
    return BrowserSlot(credential=PK, public=b"", boxes=[], proof_key=proof_key, proof=proof)


@pytest.mark.parametrize(("looked", "generations"), [(False, [0]), (True, [0, 1])])
def test_a_link_that_nobody_used_ends_after_ten_minutes(
    run: Any,
    service_at: Any,
    account: str,
    token: Any,
    api_key: Any,
    at_noon: Any,
    looked: bool,
    generations: list[int],
) -> None:
    visitor, slot = _link(account)

    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            await service.open_console_link(token.caller, account, slot, at_noon.now_ms() + 10 * MINUTE_MS)
            if looked:
                await visitor.open(service)
            at_noon.advance(10 * MINUTE_MS - 1)
            await service.allow(token.caller, account)
            at_noon.advance(1)
            with pytest.raises(KeyRefusedError, match=r"^this link opens nothing$"):
                await service.link_boxes(account, KL)
            await service.tidy()
            # Whoever has the old content key opened has the new one at once.
            await service.add_slot(token.caller, account, api_key.slot)
            # A new content key begins only where the link gave the old one away.
            assert [generation for generation, _ in await service.slot_boxes(account, token.sid, READER)] == generations
            assert service._store.row("SELECT 1 FROM slot WHERE credential = ?", KL) is None

    run(scene())


def test_every_opening_is_in_the_ledger_and_a_note_is_what_it_says(
    run: Any, service_at: Any, account: str, token: Any, browser: Browser, ledger: Any, at_noon: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            sealing = await service.sealing_key(token.caller, account)
            link = await _open_link(service, token, at_noon)
            ledger.entries.clear()
            await browser.open(service)
            await service.sealed_epochs(account, token.sid, [sealing.epoch, 5], READER)
            await service.add_browser_slot(account, await browser.slot_for(service, PK, os.urandom(32)), link, "link")
            await service.revoke_browser_slot(account, PK, "member:MB1")
            await service.note(account, "member:MB1", "login", ["session:1"])
            assert [(entry.account, entry.actor, entry.verb, entry.scope) for entry in ledger.entries] == [
                (account, token.sid, "slot_boxes", READ_BY),
                (account, token.sid, "open_epochs", (*READ_BY, str(sealing.epoch))),
                (account, link, "add_slot", (PK,)),
                (account, "member:MB1", "revoke_slot", (PK,)),
                (account, "member:MB1", "note.login", ("session:1",)),
            ]
            await service.note(account, "key_origin", "bundle")
            assert (ledger.entries[-1].actor, ledger.entries[-1].verb) == ("key_origin", "note.bundle")
            for actor, verb, why in (
                ("dispatcher", "login", "^an act is of staff or of a member"),
                (account, "login", "^an act is of staff or of a member"),
                ("staff:1", "open_epochs", "^a note is of none of our verbs$"),
                ("staff:1", "refused.login", "^a note is of none of our verbs$"),
            ):
                with pytest.raises(ValueError, match=why):
                    await service.note(account, actor, verb)

    run(scene())


def test_nothing_is_released_to_a_reader_who_could_not_be_asked_about_it(
    run: Any, service_at: Any, account: str, token: Any, ledger: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            ledger.entries.clear()
            for reader in (
                Reader(session="", member=READER.member),
                Reader(session=READER.session, member=""),
                Reader(session=READER.member, member=READER.session),
                Reader(session=f"{READER.session} ", member=READER.member),
            ):
                with pytest.raises(ValueError, match="reader"):
                    await service.slot_boxes(account, token.sid, reader)
                with pytest.raises(ValueError, match="reader"):
                    await service.sealed_epochs(account, token.sid, [1], reader)
            assert await service.with_slots(account, [PK, token.sid, KL]) == [token.sid]
            assert ledger.entries == []

    run(scene())


def test_nobody_has_refusals_written_under_names_of_his_own(
    run: Any, service_at: Any, account: str, token: Any, browser: Browser, at_noon: Any, ledger: Any
) -> None:
    _, slot = _link(account)

    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            await browser.open(service)
            await service.open_console_link(token.caller, account, slot, at_noon.now_ms() + MINUTE_MS)
            for name in (PK, "KL" + "9" * 32, "x" * 1_000):
                with pytest.raises(KeyRefusedError):
                    await service.slot_boxes(account, name, READER)
                with pytest.raises(KeyRefusedError, match=r"^this credential opens nothing$"):
                    await service.sealed_epochs(account, name, [1], READER)
                with pytest.raises(KeyRefusedError):
                    await service.link_boxes(account, name)
                forged = msgspec.structs.replace(await browser.slot_for(service, PK, os.urandom(32)), proof=bytes(32))
                await _refused(service, account, forged, name, NO_WAY)
            # Nor by names that others can see: an account's own, and that of a link which is past.
            at_noon.advance(MINUTE_MS)
            for name in (account, KL):
                with pytest.raises(KeyRefusedError):
                    await service.link_boxes(account, name)
            assert ledger.later == []
            with pytest.raises(KeyRefusedError):
                await service.slot_boxes(account, KL, READER)
            with pytest.raises(KeyRefusedError):
                await service.sealed_epochs(account, KL, [1], READER)
            assert [(entry.actor, entry.verb, entry.scope) for entry in ledger.later] == [
                (KL, "refused.slot_boxes", READ_BY),
                (KL, "refused.open_epochs", READ_BY),
            ]

    run(scene())


def test_where_the_ledger_cannot_be_written_nothing_is_released(
    run: Any, service_at: Any, account: str, token: Any, browser: Browser, ledger: Any, at_noon: Any
) -> None:
    _, link = _link(account)

    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            sealing = await service.sealing_key(token.caller, account)
            await browser.open(service)
            await service.open_console_link(token.caller, account, link, at_noon.now_ms() + MINUTE_MS)
            slot = await browser.slot_for(service, PK, os.urandom(32))
            ledger.full = True
            for refused in (
                service.link_boxes(account, KL),
                service.slot_boxes(account, token.sid, READER),
                service.sealed_epochs(account, token.sid, [sealing.epoch], READER),
                service.add_browser_slot(account, slot, KL, "link"),
                service.revoke_browser_slot(account, PK, "member:MB1"),
                service.note(account, "member:MB1", "login"),
                service.open_console_link(token.caller, account, link, at_noon.now_ms() + MINUTE_MS),
            ):
                with pytest.raises(ConnectionError):
                    await refused
            ledger.full = False
            with pytest.raises(KeyRefusedError):
                await service.slot_boxes(account, PK, READER)
            # What was not given away for want of a record is in the record once it is.
            await service.link_boxes(account, KL)
            assert (ledger.entries[-1].actor, ledger.entries[-1].verb) == (KL, "slot_boxes")

    run(scene())


def test_over_the_socket_the_console_has_its_own_verbs_and_no_others(
    run: Any, service_at: Any, kms_dir: Any, account: str, token: Any, browser: Browser, at_noon: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            sealing = await service.sealing_key(token.caller, account)
            server = await serve_console_keys(service, kms_dir / "run" / "c.sock")
            client = Client(kms_dir / "run" / "c.sock")
            console = ConsoleKeyClient(client)
            await browser.open(console)
            link = await _open_link(service, token, at_noon)
            slot = await browser.slot_for(console, PK, os.urandom(32))
            assert await console.link_boxes(account, link)
            await console.add_browser_slot(account, slot, link, "link")
            assert len(await console.slot_boxes(account, PK, READER)) == 2
            assert list(await console.sealed_epochs(account, PK, [sealing.epoch], READER)) == [sealing.epoch]
            await console.revoke_browser_slot(account, PK, "member:MB1")
            await console.note(account, "member:MB1", "login")
            for verb in {*TENANT_VERBS, *DELIVERY_VERBS} - set(CONSOLE_VERBS):
                with pytest.raises(PermissionError):
                    await client.call(verb)
            await client.close()
            await server.close()

    run(scene())


def test_the_boxes_never_hold_a_key_in_clear(
    run: Any, service_at: Any, account: str, token: Any, browser: Browser
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            sealing = await service.sealing_key(token.caller, account)
            boxes = await service.slot_boxes(account, token.sid, READER)
            sealed = await service.sealed_epochs(account, token.sid, [sealing.epoch], READER)
            await browser.open(service)
            told = repr((boxes, sealed)).encode() + b"".join(box for _, box in boxes)
            for key in (*browser.content.values(), sealing.epoch_key):
                assert key not in told
                assert repr(key)[2:-1].encode() not in told

    run(scene())

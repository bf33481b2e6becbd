"""Sealed configuration goes to browsers of its owner and comes back from them, and nobody between makes any."""

import os
from typing import Any

import msgspec
import pytest
from tests.unit.kms.test_browser_slots import KL, PK, READ_BY, READER, Browser, _open_link
from tests.unit.kms.test_browser_slots import browser as browser

from ringfence.domain.sealing import hpke
from ringfence.domain.sealing.slot_proof import prove
from ringfence.domain.sealing.slots import slot_public
from ringfence.domain.sealing.standing_form import form_place, form_proof, view_place
from ringfence.domain.standing import NumberConfig, decode_number_config, encode_number_config
from ringfence.ports.keys import KeyRefusedError, Slot
from ringfence.ports.standing_forms import SealedForm

RECORD = "number:PN" + "1" * 32
URL = "https://a.example/canary"


async def form_of(
    service: Any, account: str, by: str, seed: bytes, changes: Any, record: str = RECORD, *, hybrid: bool = False
) -> SealedForm:
    """What the key origin's frame makes of a form."""
    keeper, proof_key = await service.grant_keeper(), await service.proof_key(account, READER.member)
    box = hpke.seal(keeper, msgspec.json.encode(changes), form_place(account, record, by))
    proof = prove(seed, proof_key, form_proof(account, record, by, box), hybrid=hybrid)
    return SealedForm(by=by, box=box, proof_key=proof_key, proof=proof)


def test_its_owner_sees_it_and_changes_it(
    run: Any, service_at: Any, account: str, token: Any, browser: Browser, ledger: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            value = encode_number_config(NumberConfig(sms_url=URL, trunk_sid="TK1"))
            (now,) = await service.seal_standing(account, [(RECORD, value)])
            await browser.open(service)
            ((generation, shown),) = await service.show_standing(account, token.sid, [(RECORD, now)], READER)
            assert URL.encode() not in shown
            content = hpke.Recipient(browser.content[generation])
            seen = msgspec.json.decode(content.unseal(shown, view_place(account, generation, RECORD)))
            assert (seen["sms_url"], seen["sms_method"]) == (URL, "POST")

            form = await form_of(service, account, account, token.caller.seed, {"sms_method": "GET"})
            kept = await service.keep_standing(account, RECORD, now, form, READER)
            (changed,) = await service.open_standing(account, [(RECORD, kept.sealed)])
            assert decode_number_config(changed) == NumberConfig(sms_url=URL, sms_method="GET", trunk_sid="TK1")
            entries = {entry.verb: (entry.account, entry.actor, entry.scope) for entry in ledger.entries}
            assert entries["show_standing"] == (account, token.sid, (*READ_BY, RECORD))
            assert entries["keep_standing"] == (account, account, (*READ_BY, RECORD))

    run(scene())


def test_a_passkey_with_a_slot_changes_it_and_one_that_was_forgotten_does_not(
    run: Any, service_at: Any, account: str, token: Any, browser: Browser, at_noon: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            await browser.open(service)
            seed, link = os.urandom(32), await _open_link(service, token, at_noon)
            await service.add_browser_slot(account, await browser.slot_for(service, PK, seed), link, "link")
            kept = await service.keep_standing(
                account, RECORD, b"", await form_of(service, account, PK, seed, {"sms_url": URL}), READER
            )
            assert not kept.tells_status
            late = await form_of(service, account, PK, seed, {"sms_url": URL})
            await service.revoke_browser_slot(account, PK, "member:MB1")
            with pytest.raises(KeyRefusedError):
                await service.keep_standing(account, RECORD, b"", late, READER)

    run(scene())


def test_nobody_changes_it_by_what_he_has_no_slot_of(
    run: Any, service_at: Any, account: str, token: Any, api_key: Any, at_noon: Any, ledger: Any
) -> None:
    """Not by a key, which may be a restricted one, not by a link, not by another's name."""

    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot, api_key.slot])
            _, kit = await _open_link(service, token, at_noon), "RK" + account[2:]
            await service.add_slot(token.caller, account, Slot(credential=kit, public=slot_public(bytes(32))))
            ours, theirs = token.caller.seed, os.urandom(32)
            for by, seed, words in (
                (api_key.sid, api_key.caller.seed, "that changes nothing"),
                (account, theirs, "whoever changes this does not hold what he names"),
                (PK, theirs, "whoever changes this does not hold what he names"),
                (kit, bytes(32), "that changes nothing"),
                (KL, ours, "that changes nothing"),
            ):
                form = await form_of(service, account, by, seed, {"sms_url": URL})
                with pytest.raises(KeyRefusedError, match=f"^{words}$"):
                    await service.keep_standing(account, RECORD, b"", form, READER)
            assert {(entry.verb, entry.scope) for entry in ledger.later} == {
                ("refused.keep_standing", (*READ_BY, RECORD))
            }
            assert "keep_standing" not in {entry.verb for entry in ledger.entries}

    run(scene())


def test_it_is_shown_through_a_slot_of_the_account_and_under_no_other_name(
    run: Any, service_at: Any, account: str, token: Any, at_noon: Any, ledger: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            (now,) = await service.seal_standing(account, [(RECORD, encode_number_config(NumberConfig(sms_url=URL)))])
            await _open_link(service, token, at_noon)
            for nobody in (PK, "SK" + "9" * 32, "dispatcher", "", KL):
                with pytest.raises(KeyRefusedError):
                    await service.show_standing(account, nobody, [(RECORD, now)], READER)
            assert "show_standing" not in {entry.verb for entry in ledger.entries}
            # Of slots that there are alone a refusal is written: else anybody could fill the record.
            assert [(entry.actor, entry.verb, entry.scope) for entry in ledger.later] == [
                (KL, "refused.show_standing", READ_BY)
            ]

    run(scene())


def test_a_form_serves_once_and_for_its_own_record(
    run: Any, service_at: Any, account: str, token: Any, at_noon: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])

            async def made() -> SealedForm:
                return await form_of(service, account, account, token.caller.seed, {"sms_url": URL})

            async def refused(form: SealedForm, record: str = RECORD) -> None:
                with pytest.raises(KeyRefusedError):
                    await service.keep_standing(account, record, b"", form, READER)

            form = await made()
            await service.keep_standing(account, RECORD, b"", form, READER)
            await refused(form)
            await refused(await made(), "number:PN" + "2" * 32)
            other = await made()
            await refused(msgspec.structs.replace(await made(), box=other.box))
            late = await made()
            at_noon.advance(600_000)
            await refused(late)

    run(scene())


def test_a_form_that_is_proved_and_was_not_sealed_to_the_key_service_is_refused_and_so_is_a_long_one(
    run: Any, service_at: Any, account: str, token: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            for length, words in ((65_536, "this does not open"), (65_537, "that changes nothing")):
                proof_key, box = await service.proof_key(account, READER.member), bytes(length)
                proof = prove(token.caller.seed, proof_key, form_proof(account, RECORD, account, box))
                form = SealedForm(by=account, box=box, proof_key=proof_key, proof=proof)
                with pytest.raises(KeyRefusedError, match=f"^{words}$"):
                    await service.keep_standing(account, RECORD, b"", form, READER)

    run(scene())


def test_what_is_sealed_for_another_account_or_record_is_neither_shown_nor_changed(
    run: Any, service_at: Any, account: str, token: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            value = encode_number_config(NumberConfig(sms_url=URL))
            (theirs,) = await service.seal_standing("AC" + "b" * 32, [(RECORD, value)])
            (another,) = await service.seal_standing(account, [("number:PN" + "2" * 32, value)])
            for now in (theirs, another, b"\0" * 64):
                with pytest.raises(KeyRefusedError, match=r"^standing configuration does not open$"):
                    await service.show_standing(account, token.sid, [(RECORD, now)], READER)
                form = await form_of(service, account, account, token.caller.seed, {"sms_method": "GET"})
                with pytest.raises(KeyRefusedError, match=r"^this does not open$"):
                    await service.keep_standing(account, RECORD, now, form, READER)

    run(scene())


@pytest.mark.parametrize(
    ("record", "callback", "tells"),
    [("service:MG", URL, True), ("service:MG", "", False), (RECORD, URL, False)],
)
def test_whoever_keeps_a_messaging_service_learns_of_its_callback_that_there_is_one(
    run: Any, service_at: Any, account: str, token: Any, record: str, callback: str, tells: bool
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            form = await form_of(service, account, account, token.caller.seed, {"status_callback": callback}, record)
            kept = await service.keep_standing(account, record, b"", form, READER)
            assert kept.tells_status is tells

    run(scene())


def test_what_a_form_may_not_hold_is_refused(run: Any, service_at: Any, account: str, token: Any) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            for changes, words in (
                ({"sms_url": "ftp://a.example"}, "sms_url may not be that"),
                ({"sms_url": 5}, "no changes of a form"),
                (["sms_url"], "no changes of a form"),
                ({"trunk_sid": "x"}, "there is no such field"),
            ):
                form = await form_of(service, account, account, token.caller.seed, changes)
                with pytest.raises(ValueError, match=f"^{words}$"):
                    await service.keep_standing(account, RECORD, b"", form, READER)
            form = await form_of(service, account, account, token.caller.seed, {}, "hmac_states:x")
            with pytest.raises(ValueError, match="has a form"):
                await service.keep_standing(account, "hmac_states:x", b"", form, READER)
            (now,) = await service.seal_standing(account, [(RECORD, encode_number_config(NumberConfig()))])
            assert len(await service.show_standing(account, token.sid, [(RECORD, now)] * 100, READER)) == 100
            with pytest.raises(ValueError, match="more than 100 records at once"):
                await service.show_standing(account, token.sid, [(RECORD, now)] * 101, READER)

    run(scene())

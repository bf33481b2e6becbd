"""Members of a parent account read its subaccounts' texts through the chain of content keys, and nobody else's."""

from typing import Any

import pytest
from tests.unit.console.test_members import AC, OTHER, Member, account, enrolled, text

from ringfence.domain.sealing import epoch as epochs
from ringfence.domain.sealing.content import open_content
from ringfence.domain.sealing.record import RecordSealer
from ringfence.domain.sealing.slots import ContentKey, slot_public, slot_seed
from ringfence.ports.console_keys import Reader
from ringfence.ports.keys import Caller, KeyRefusedError, Slot
from ringfence.ports.store import AccountRow, CredentialRow
from software_authenticator import unb64

CHILD = "AC" + "c" * 32


async def child(it: Any, parent: str = AC) -> Caller:
    seed = slot_seed("f" * 32, CHILD)
    await it.store.create_account(
        AccountRow(sid=CHILD, tenant=parent, parent=parent, friendly_name="Branch", created_ms=2, updated_ms=2),
        CredentialRow(
            account=CHILD, sid=CHILD, kind="auth_token", verifier=b"", hmac_states=b"", created_ms=2, updated_ms=2
        ),
    )
    await it.keys.create_account(CHILD, [Slot(credential=CHILD, public=slot_public(seed))], parent)
    return Caller(account=CHILD, credential=CHILD, seed=seed)


async def read(member: Member) -> list[str]:
    """The bodies of the subaccount's texts, as the frame shows them."""
    opened = await member.ask("POST", f"/subaccounts/{CHILD}/boxes", {"credential": member.opened_by})
    own = {}
    for generation, by, sealed in opened.json()["copies"]:
        parent = ContentKey(member.account, by, member.content[by])
        own[generation] = ContentKey.from_parent(CHILD, generation, unb64(sealed), parent)
    asked = {"wanted": {}, "credential": member.opened_by}
    page = (await member.ask("POST", f"/subaccounts/{CHILD}/sealed", asked)).json()
    found = []
    for record in page["records"]:
        ((number, sealed),) = page["epochs"][str(record["epoch"])]
        key = epochs.open_epoch_key(unb64(sealed), own[number].recipient, CHILD, record["epoch"])
        found.append(open_content(RecordSealer(key, CHILD), record["sid"], unb64(record["content"])).body)
    return found


def test_a_member_of_the_parent_reads_a_subaccount_and_it_is_in_its_ledger(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            caller = await account(it)
            await text(it, await child(it), "of the branch")
            member = await enrolled(it, caller)
            await text(it, caller, "of the house", n=2)
            assert "Branch" in (await member.page("/subaccounts")).text
            assert CHILD in (await member.page(f"/subaccounts/{CHILD}")).text
            assert await read(member) == ["of the branch"]
            entries = [(entry.actor, entry.verb) for entry in it.ledger.entries if entry.account == CHILD]
            for verb in ("slot_boxes", "open_epochs"):
                assert (member.opened_by, verb) in entries

    run(scene())


def test_nobody_else_reads_it(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            caller = await account(it)
            await text(it, await child(it), "of the branch")
            owner, other = await enrolled(it, caller), await enrolled(it, await account(it, OTHER))
            assert "Branch" not in (await other.page("/subaccounts")).text
            assert (await other.page(f"/subaccounts/{CHILD}")).status_code == 404
            for member, sid in ((other, CHILD), (owner, OTHER), (owner, AC)):
                asked = {"wanted": {}, "credential": member.opened_by}
                for act in ("boxes", "sealed"):
                    assert (await member.ask("POST", f"/subaccounts/{sid}/{act}", asked)).status_code == 404
            reader = Reader(session="CS" + "1" * 32, member="MB" + "1" * 32)
            for parent, credential in ((OTHER, other.opened_by), (AC, other.opened_by), (AC, "KL" + "1" * 32)):
                with pytest.raises(KeyRefusedError):
                    await it.keys.child_boxes(parent, credential, CHILD, reader)
                with pytest.raises(KeyRefusedError):
                    await it.keys.sealed_epochs(parent, credential, [1], reader, CHILD)
            assert [each for each in it.ledger.entries if each.account == CHILD and each.actor == other.opened_by] == []

    run(scene())

"""Members of a parent account read its subaccounts' texts through the chain of content keys, and nobody else's."""

from typing import Any

import pytest
from tests.unit.console.test_members import AC, OTHER, Member, account, enrolled, text

from ringfence.domain.call import Direction, Status
from ringfence.domain.sealing import epoch as epochs
from ringfence.domain.sealing.content import open_content
from ringfence.domain.sealing.record import RecordSealer
from ringfence.domain.sealing.slots import ContentKey, slot_public, slot_seed
from ringfence.ports.calls import CallRow, RecordingRow
from ringfence.ports.console_keys import Reader
from ringfence.ports.keys import Caller, KeyRefusedError, Slot
from ringfence.ports.store import AccountRow, CredentialRow
from ringfence.usecases.access.freeze import freeze
from software_authenticator import unb64

CHILD = "AC" + "c" * 32
READER = Reader(session="CS" + "1" * 32, member="MB" + "1" * 32)
SM, CA, RE = f"SM{1:032x}", "CA" + "1" * 32, "RE" + "1" * 32


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
    page = (await member.ask("POST", f"/subaccounts/{CHILD}/texts/sealed", asked)).json()
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
            assert CHILD in (await member.page(f"/subaccounts/{CHILD}/texts")).text
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
            assert (await other.page(f"/subaccounts/{CHILD}/texts")).status_code == 404
            for member, sid in ((other, CHILD), (owner, OTHER), (owner, AC)):
                asked = {"wanted": {}, "credential": member.opened_by}
                for act in (
                    "boxes",
                    "texts/sealed",
                    "calls/sealed",
                    f"calls/CA{1:032x}/sealed",
                    f"recordings/RE{1:032x}/sealed",
                ):
                    assert (await member.ask("POST", f"/subaccounts/{sid}/{act}", asked)).status_code == 404
                for place in ("texts", f"texts/{SM}", "calls", f"calls/{CA}", "recordings", f"recordings/{RE}/sound"):
                    assert (await member.page(f"/subaccounts/{sid}/{place}")).status_code == 404
                assert (await member.page(f"/subaccounts/{sid}/recordings/export")).status_code == 404
            for parent, credential in ((OTHER, other.opened_by), (AC, other.opened_by), (AC, "KL" + "1" * 32)):
                with pytest.raises(KeyRefusedError):
                    await it.keys.child_boxes(parent, credential, CHILD, READER)
                with pytest.raises(KeyRefusedError):
                    await it.keys.sealed_epochs(parent, credential, [1], READER, CHILD)
            assert [each for each in it.ledger.entries if each.account == CHILD and each.actor == other.opened_by] == []

    run(scene())


async def a_call(it: Any, caller: Caller) -> int:
    """A call of the account and a recording of it, of this hour."""
    epoch: int = (await it.keys.sealing_key(caller, caller.account)).epoch
    now_ms = it.clock.now_ms()
    await it.store.create_call(
        CallRow(
            account=caller.account,
            sid=CA,
            direction=Direction.INBOUND,
            status=Status.COMPLETED,
            local="+12025550123",
            remote_index=b"",
            remote_region="US",
            epoch=epoch,
            content=b"sealed",
            created_ms=now_ms,
            updated_ms=now_ms,
        )
    )
    await it.store.add_recording(
        RecordingRow(
            account=caller.account,
            sid=RE,
            call_sid=CA,
            status="completed",
            channels=1,
            source="RecordVerb",
            epoch=epoch,
            started_ms=now_ms,
            duration_ms=1_000,
            created_ms=now_ms,
            updated_ms=now_ms,
        )
    )
    return epoch


def test_calls_recordings_and_timelines_of_a_subaccount_come_with_its_own_hours(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            caller, branch = await account(it), await child(it)
            epoch = await a_call(it, branch)
            await text(it, branch, "of the branch")
            member = await enrolled(it, caller)
            at, asked = f"/subaccounts/{CHILD}", {"credential": member.opened_by}
            for path, wanted in (
                ("calls/sealed", {"wanted": {"status": "completed"}}),
                ("texts/sealed", {"wanted": {}}),
                (f"texts/{SM}/sealed", {}),
                (f"calls/{CA}/sealed", {}),
                (f"recordings/{RE}/sealed", {}),
            ):
                answer = await member.ask("POST", f"{at}/{path}", asked | wanted)
                assert answer.status_code == 200, path
                (own,) = await it.keys.sealed_epochs(AC, member.opened_by, [epoch], READER, CHILD)
                assert [*answer.json()["epochs"]] == [str(own)], path
            whole = (await member.ask("POST", f"{at}/calls/{CA}/sealed", asked)).json()
            assert (whole["account"], whole["record"]["sid"], whole["recordings"]) == (CHILD, CA, [RE])
            for place in ("texts", "calls", "recordings"):
                assert "of Branch</h1>" in (await member.page(f"{at}/{place}")).text
            for place in (f"texts/{SM}", f"calls/{CA}"):
                assert "All subaccounts" in (await member.page(f"{at}/{place}")).text
            assert f'href="{at}/calls/{CA}"' in (await member.page(f"{at}/recordings")).text
            assert RE in (await member.page(f"{at}/recordings/export")).text
            assert (await member.ask("POST", f"{at}/calls/sealed", asked | {"wanted": {"day": 1}})).status_code == 400
            # What is of the subaccount is not among what the account has itself.
            assert (await member.ask("POST", f"/calls/{CA}/sealed", asked)).status_code == 404
            assert RE not in (await member.page("/recordings")).text

            assert await freeze(it.store, it.clock, "account", CHILD)
            for path in ("boxes", "texts/sealed", f"calls/{CA}/sealed", f"recordings/{RE}/sealed"):
                answer = await member.ask("POST", f"{at}/{path}", asked | {"wanted": {}})
                assert answer.status_code >= 400, path
            assert (await member.page(f"{at}/recordings/{RE}/sound")).status_code >= 400

    run(scene())
